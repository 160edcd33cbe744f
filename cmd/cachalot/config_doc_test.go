package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// TestConfigDocument compares the table of docs/config.md with the flags.
func TestConfigDocument(t *testing.T) {
	var want strings.Builder
	want.WriteString("| flag | environment | default | |\n|---|---|---|---|\n")
	newServeCommand().Flags().VisitAll(func(f *pflag.Flag) {
		_, usage := pflag.UnquoteUsage(f)
		def := f.DefValue
		if def != "" {
			def = "`" + def + "`"
		}
		fmt.Fprintf(&want, "| `--%s` | `%s` | %s | %s |\n", f.Name, envName(f.Name), def, usage)
	})
	doc, err := os.ReadFile("../../docs/config.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(string(doc), "\n\n"+want.String()) {
		t.Errorf("docs/config.md should end with\n\n%s", want.String())
	}
}
