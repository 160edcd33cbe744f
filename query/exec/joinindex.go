package exec

import (
	"github.com/cachalotdb/cachalot/query/plan"
)

func (j *joinBuilder) seek(p *plan.PhysicalJoin, s *plan.JoinStep, left *tree) *tree { return nil }
