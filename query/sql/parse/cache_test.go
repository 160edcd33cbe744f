package parse

import (
	"fmt"
	"sync"
	"testing"
)

func TestCacheHoldsATextFromItsSecondMiss(t *testing.T) {
	c := NewCache(1 << 20)
	var first []Statement
	for i := range 5 {
		list, err := c.Parse("SELECT 1", Options{})
		if err != nil {
			t.Fatal(err)
		}
		if i == 1 {
			first = list
		}
		if i > 1 && &list[0] != &first[0] {
			t.Errorf("parse %d is another tree", i)
		}
	}
	if s := c.Stats(); s.Misses != 2 || s.Entries != 1 || s.Bytes != sizeOf("SELECT 1") {
		t.Errorf("%+v", s)
	}
}

func TestCacheKeepsOptionsApart(t *testing.T) {
	c := NewCache(1 << 20)
	for range 4 {
		for _, bare := range []bool{false, true} {
			list, err := c.Parse("SELECT 2021-10-19", Options{BareLiterals: bare})
			if err != nil {
				t.Fatal(err)
			}
			if got, want := render(list[0].Text, Options{BareLiterals: bare}), render("SELECT 2021-10-19", Options{BareLiterals: bare}); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	}
	if s := c.Stats(); s.Entries != 2 {
		t.Errorf("%+v", s)
	}
}

func TestCacheDoesNotHoldErrorsAndLongTexts(t *testing.T) {
	c := NewCache(1 << 20)
	long := "SELECT '" + string(make([]byte, 0)) + fmt.Sprintf("%0*d", maxCachedText, 7) + "'"
	for range 4 {
		if _, err := c.Parse("SELECT FROM WHERE", Options{}); err == nil {
			t.Error("no error")
		}
		if _, err := c.Parse(long, Options{}); err != nil {
			t.Error(err)
		}
	}
	if s := c.Stats(); s.Entries != 0 || s.Bytes != 0 {
		t.Errorf("%+v", s)
	}
}

func TestCacheStaysWithinItsLimit(t *testing.T) {
	const limit = 64 << 10
	c := NewCache(limit)
	for i := range 20000 {
		text := fmt.Sprintf("SELECT %d", i%5000)
		c.Parse(text, Options{})
		if list, err := c.Parse(text, Options{}); err != nil || list[0].Text != text {
			t.Fatalf("%s: %v %v", text, list, err)
		}
		if b := c.Stats().Bytes; i%500 == 0 && b > limit {
			t.Fatalf("%d bytes", b)
		}
	}
	s := c.Stats()
	if s.Entries == 0 || s.Bytes > limit {
		t.Errorf("%+v", s)
	}
	if s.Bytes < s.Entries*sizeOf("SELECT 1") || s.Bytes > s.Entries*sizeOf("SELECT 1234") {
		t.Errorf("%d entries and %d bytes", s.Entries, s.Bytes)
	}
}

func TestCacheServesManySessions(t *testing.T) {
	c := NewCache(32 << 10)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 3000 {
				text := fmt.Sprintf("SELECT %d", (i*7+g)%200)
				list, err := c.Parse(text, Options{})
				if err != nil || len(list) != 1 || list[0].Text != text {
					t.Errorf("%s: %v %v", text, list, err)
					return
				}
			}
		})
	}
	wg.Wait()
	if b := c.Stats().Bytes; b > 32<<10 || b < 0 {
		t.Errorf("%d bytes", b)
	}
}
