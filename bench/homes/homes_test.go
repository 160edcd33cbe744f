package homes

import (
	"bytes"
	"encoding/csv"
	"testing"
)

func TestLinesAreAboutAKilobyte(t *testing.T) {
	const count = 1000
	text := Generator{Seed: 1}.CSV(0, count)
	if size := len(text) / count; size < 950 || size > 1100 {
		t.Errorf("a line has %d bytes", size)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || len(rows) != count || len(rows[0]) != 16 {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	if again := (Generator{Seed: 1}).CSV(500, count); !bytes.HasSuffix(text, again) {
		t.Error("home 500 depends on those before it")
	}
	if bytes.Equal(text, Generator{Seed: 2}.CSV(0, count)) {
		t.Error("the seed makes no difference")
	}
}

func BenchmarkAppendCSV(b *testing.B) {
	var buf []byte
	i := 0
	for b.Loop() {
		buf = Generator{Seed: 1}.AppendCSV(buf[:0], i)
		i++
	}
	b.SetBytes(int64(len(buf)))
}
