package expr

// The tables, by subject. Each is a line an overload.

func functionTables() [][]Func {
	return [][]Func{textFuncs(), regexpFuncs(), mathFuncs(), timeFuncs(), arrayFuncs(), jsonFuncs(), jsonBuildFuncs(), jsonPathFuncs(), sessionFuncs(),
		backendFuncs(), advisoryFuncs(), notifyFuncs(), commentFuncs(), sequenceFuncs()}
}

func operatorTables() [][]Func {
	return [][]Func{comparisonOps(), recordOps(), arithmeticOps(), timeOps(), textOps(), arrayOps(), jsonOps(), jsonPathOps()}
}

func aggregateTables() [][]AggFunc {
	return [][]AggFunc{aggregateFuncs(), listAggs(), orderedSetFuncs()}
}

func setFunctionTables() [][]SetFunc {
	return [][]SetFunc{textSetFuncs(), seriesFuncs(), timeSeriesFuncs(), notifySets(), arraySets(), jsonSets(), jsonRecordSets(), jsonPathSets()}
}
