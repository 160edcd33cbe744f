package exec

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// each runs f for every i below n, on at most workers goroutines at once, and
// returns when all have ended. The error is that of the lowest i.
func each(ctx context.Context, n, workers int, f func(ctx context.Context, i int) error) error {
	if workers < 2 || n < 2 {
		for i := range n {
			if err := f(ctx, i); err != nil {
				return err
			}
		}
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, n)
	todo := make(chan int, n)
	for i := range n {
		todo <- i
	}
	close(todo)
	var wait sync.WaitGroup
	for range min(workers, n) {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for i := range todo {
				errs[i] = Guard(func() error { return f(ctx, i) })
				if errs[i] != nil {
					cancel()
				}
			}
		}()
	}
	wait.Wait()
	return firstError(errs)
}

// firstError returns the first error that is not only the echo of another's cancellation.
func firstError(errs []error) error {
	var first error
	for _, err := range errs {
		if err == nil {
			continue
		}
		if first == nil || sqlerr.Code(first) == sqlerr.QueryCanceled && sqlerr.Code(err) != sqlerr.QueryCanceled {
			first = err
		}
	}
	return first
}

// Guard calls f and turns a panic on a goroutine of ours, which would end the process, into an error of
// the statement.
func Guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in query execution: %v\n%s", p, debug.Stack())
		}
	}()
	return f()
}
