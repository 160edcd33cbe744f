package sessions

import (
	"context"
	"io"
	"testing"

	"github.com/cachalotdb/cachalot/internal/node"
)

// feeder is the data of a COPY that comes to its end when it is told.
type feeder struct {
	asked chan struct{} // closed at the first Read
	end   chan struct{}
	begun bool
}

func (f *feeder) Read([]byte) (int, error) {
	if !f.begun {
		f.begun = true
		close(f.asked)
	}
	<-f.end
	return 0, io.EOF
}

// ours starts a node for a test that has nothing to compare.
func ours(t *testing.T) *stage {
	t.Helper()
	n, err := node.Start(t.Context(), node.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return &stage{t, n.DSN()}
}
