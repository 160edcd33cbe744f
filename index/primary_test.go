package index

import (
	"testing"
)

// TestPrimaryCheckFindsDamage plants each kind of disagreement.
func TestPrimaryCheckFindsDamage(t *testing.T) {
	type pair struct {
		hash uint64
		row  uint32
	}
	pairs := []pair{{1, 10}, {1, 11}, {99, 12}}
	fill := func() *Primary {
		p := NewPrimary(nil)
		for _, x := range pairs {
			p.Insert(x.hash, x.row)
		}
		return p
	}
	all := func(yield func(uint64, uint32) bool) {
		for _, x := range pairs {
			if !yield(x.hash, x.row) {
				return
			}
		}
	}
	if err := fill().Check(all); err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string]func(*Primary){
		"a row too many": func(p *Primary) { p.Insert(5, 50) },
		"a row missing":  func(p *Primary) { p.Delete(1, 11) },
		"another row":    func(p *Primary) { p.Replace(99, 12, 13) },
	} {
		p := fill()
		damage(p)
		if p.Check(all) == nil {
			t.Errorf("%s is not found", name)
		}
	}
	if _, ok := fill().Lookup(1, func(row uint32) bool { return row == 11 }); !ok {
		t.Error("the second row of a hash is not found")
	}
}
