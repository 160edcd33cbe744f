package expr

func functionTables() [][]Func     { return nil }
func operatorTables() [][]Func     { return nil }
func aggregateTables() [][]AggFunc { return nil }
