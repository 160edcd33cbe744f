package ast

// String methods of the enumerations: the constants' names, for Print and messages.

var constKindNames = [...]string{"Null", "Bool", "Int", "Numeric", "String", "BitString"}

// String returns the name of the constant.
func (x ConstKind) String() string { return constKindNames[x] }

var boolOpNames = [...]string{"And", "Or", "Not"}

// String returns the name of the constant.
func (x BoolOp) String() string { return boolOpNames[x] }

var boolTestKindNames = [...]string{"IsTrue", "IsNotTrue", "IsFalse", "IsNotFalse", "IsUnknown", "IsNotUnknown"}

// String returns the name of the constant.
func (x BoolTestKind) String() string { return boolTestKindNames[x] }

var likeKindNames = [...]string{"Like", "ILike", "SimilarTo"}

// String returns the name of the constant.
func (x LikeKind) String() string { return likeKindNames[x] }

var subLinkKindNames = [...]string{"ExprSubLink", "ExistsSubLink", "AnySubLink", "AllSubLink", "ArraySubLink"}

// String returns the name of the constant.
func (x SubLinkKind) String() string { return subLinkKindNames[x] }

var groupingSetKindNames = [...]string{"EmptySet", "Rollup", "Cube", "GroupingSets"}

// String returns the name of the constant.
func (x GroupingSetKind) String() string { return groupingSetKindNames[x] }

var setOpNames = [...]string{"NoSetOp", "Union", "Intersect", "Except"}

// String returns the name of the constant.
func (x SetOp) String() string { return setOpNames[x] }

var sortDirNames = [...]string{"SortDefault", "SortAsc", "SortDesc", "SortUsing"}

// String returns the name of the constant.
func (x SortDir) String() string { return sortDirNames[x] }

var nullsOrderNames = [...]string{"NullsDefault", "NullsFirst", "NullsLast"}

// String returns the name of the constant.
func (x NullsOrder) String() string { return nullsOrderNames[x] }

var frameModeNames = [...]string{"FrameRange", "FrameRows", "FrameGroups"}

// String returns the name of the constant.
func (x FrameMode) String() string { return frameModeNames[x] }

var boundKindNames = [...]string{"UnboundedPreceding", "OffsetPreceding", "CurrentRow", "OffsetFollowing", "UnboundedFollowing"}

// String returns the name of the constant.
func (x BoundKind) String() string { return boundKindNames[x] }

var frameExclusionNames = [...]string{"ExcludeNone", "ExcludeCurrentRow", "ExcludeGroup", "ExcludeTies"}

// String returns the name of the constant.
func (x FrameExclusion) String() string { return frameExclusionNames[x] }

var lockStrengthNames = [...]string{"ForKeyShare", "ForShare", "ForNoKeyUpdate", "ForUpdate"}

// String returns the name of the constant.
func (x LockStrength) String() string { return lockStrengthNames[x] }

var lockWaitNames = [...]string{"LockBlock", "LockNoWait", "LockSkipLocked"}

// String returns the name of the constant.
func (x LockWait) String() string { return lockWaitNames[x] }

var materializeNames = [...]string{"MaterializeDefault", "MaterializeAlways", "MaterializeNever"}

// String returns the name of the constant.
func (x Materialize) String() string { return materializeNames[x] }

var joinKindNames = [...]string{"InnerJoin", "LeftJoin", "RightJoin", "FullJoin", "CrossJoin"}

// String returns the name of the constant.
func (x JoinKind) String() string { return joinKindNames[x] }

var overridingNames = [...]string{"OverridingNone", "OverridingUser", "OverridingSystem"}

// String returns the name of the constant.
func (x Overriding) String() string { return overridingNames[x] }

var persistenceNames = [...]string{"Permanent", "Temporary", "Unlogged"}

// String returns the name of the constant.
func (x Persistence) String() string { return persistenceNames[x] }

var onCommitNames = [...]string{"OnCommitNone", "OnCommitPreserveRows", "OnCommitDeleteRows", "OnCommitDrop"}

// String returns the name of the constant.
func (x OnCommit) String() string { return onCommitNames[x] }

var constraintKindNames = [...]string{"ConNull", "ConNotNull", "ConDefault", "ConCheck", "ConPrimaryKey", "ConUnique", "ConForeignKey", "ConExclude", "ConGenerated", "ConIdentity"}

// String returns the name of the constant.
func (x ConstraintKind) String() string { return constraintKindNames[x] }

var fKMatchNames = [...]string{"MatchSimple", "MatchFull", "MatchPartial"}

// String returns the name of the constant.
func (x FKMatch) String() string { return fKMatchNames[x] }

var fKActionNames = [...]string{"FKNoAction", "FKRestrict", "FKCascade", "FKSetNull", "FKSetDefault"}

// String returns the name of the constant.
func (x FKAction) String() string { return fKActionNames[x] }

var objectKindNames = [...]string{"ObjTable", "ObjIndex", "ObjSequence", "ObjView", "ObjMaterializedView", "ObjSchema", "ObjDatabase", "ObjType", "ObjDomain", "ObjExtension", "ObjColumn", "ObjConstraint", "ObjFunction", "ObjProcedure", "ObjTrigger", "ObjRole", "ObjOther"}

// String returns the name of the constant.
func (x ObjectKind) String() string { return objectKindNames[x] }

var paramModeNames = [...]string{"ParamDefault", "ParamIn", "ParamOut", "ParamInOut", "ParamVariadic", "ParamTable"}

// String returns the name of the constant.
func (x ParamMode) String() string { return paramModeNames[x] }

var mergeActionNames = [...]string{"MergeDoNothing", "MergeUpdate", "MergeDelete", "MergeInsert"}

// String returns the name of the constant.
func (x MergeAction) String() string { return mergeActionNames[x] }

var alterKindNames = [...]string{"AddColumn", "DropColumn", "ColumnDefault", "SetNotNull", "DropNotNull", "ColumnType", "AddConstraint", "DropConstraint", "AlterConstraint", "ValidateConstraint", "RenameTable", "RenameColumn", "RenameConstraint", "SetSchema", "OwnerTo", "SetOptions", "ResetOptions", "SetTablespace", "ColumnStatistics", "ColumnStorage", "ColumnOptions", "ColumnCompression", "AddIdentity", "SetIdentity", "DropIdentity", "DropExpression", "SetLogged", "AddEnumValue", "RenameEnumValue", "SequenceOptions", "OtherAction"}

// String returns the name of the constant.
func (x AlterKind) String() string { return alterKindNames[x] }

var transactionKindNames = [...]string{"Begin", "StartTransaction", "Commit", "Rollback", "Savepoint", "ReleaseSavepoint", "RollbackTo", "PrepareTransaction", "CommitPrepared", "RollbackPrepared"}

// String returns the name of the constant.
func (x TransactionKind) String() string { return transactionKindNames[x] }

var isolationLevelNames = [...]string{"IsolationDefault", "ReadUncommitted", "ReadCommitted", "RepeatableRead", "Serializable"}

// String returns the name of the constant.
func (x IsolationLevel) String() string { return isolationLevelNames[x] }

var setScopeNames = [...]string{"ScopeSession", "ScopeLocal"}

// String returns the name of the constant.
func (x SetScope) String() string { return setScopeNames[x] }

var discardKindNames = [...]string{"DiscardAll", "DiscardPlans", "DiscardSequences", "DiscardTemp"}

// String returns the name of the constant.
func (x DiscardKind) String() string { return discardKindNames[x] }

var fetchDirNames = [...]string{"FetchForward", "FetchBackward", "FetchAbsolute", "FetchRelative"}

// String returns the name of the constant.
func (x FetchDir) String() string { return fetchDirNames[x] }
