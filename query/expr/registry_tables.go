package expr

// The tables, by subject. Each is a line an overload.

func functionTables() [][]Func {
	return [][]Func{textFuncs(), mathFuncs(), timeFuncs(), arrayFuncs(), jsonFuncs(), sessionFuncs(),
		backendFuncs(), advisoryFuncs(), sequenceFuncs()}
}

func operatorTables() [][]Func {
	return [][]Func{comparisonOps(), arithmeticOps(), timeOps(), textOps(), arrayOps()}
}

func aggregateTables() [][]AggFunc {
	return [][]AggFunc{aggregateFuncs(), orderedSetFuncs()}
}

func setFunctionTables() [][]SetFunc {
	return [][]SetFunc{seriesFuncs()}
}
