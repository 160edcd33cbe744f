package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSettingsCount says which of command line, environment and file counts.
func TestSettingsCount(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cachalot.conf")
	text := "# a comment\nlisten = '127.0.0.1:1' # quoted\nmax_connections = 11 # ours\nhttp = 127.0.0.1:3\n\nmemory = true\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CACHALOT_HTTP", "127.0.0.1:33")
	t.Setenv("CACHALOT_MAX_CONNECTIONS", "22")
	cmd := newServeCommand()
	if err := cmd.ParseFlags([]string{"--max-connections", "33"}); err != nil {
		t.Fatal(err)
	}
	if err := fillFlags(cmd.Flags(), file); err != nil {
		t.Fatal(err)
	}
	for flag, want := range map[string]string{
		"listen":          "127.0.0.1:1",  // the file
		"http":            "127.0.0.1:33", // the environment
		"max-connections": "33",           // the command line
		"memory":          "true",
		"data":            "",
	} {
		if got := cmd.Flags().Lookup(flag).Value.String(); got != want {
			t.Errorf("%s: got %q, want %q", flag, got, want)
		}
	}
}

func TestSettingsThatAreWrong(t *testing.T) {
	for text, want := range map[string]string{
		"listen":                    ":1: expected name = value",
		"\nport = 5":                `:2: unknown setting "port"`,
		"listen = 'x":               ":1: quotes do not fit",
		"listen = 'x' y":            ":1: quotes do not fit",
		"max-connections = many":    ":1: ",
		"listen = a\nlisten = b":    ":2: listen is set twice",
		"config = other.conf":       `unknown setting "config"`,
		"max-connections = 1\r\n=2": `:2: unknown setting ""`,
	} {
		file := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		err := fillFlags(newServeCommand().Flags(), file)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

func TestServeRefuses(t *testing.T) {
	ok := serveOptions{memory: true, listen: "127.0.0.1:0", http: "[::1]:0", maxConnections: 1}
	if err := ok.validate(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*serveOptions){
		"say where the data is": func(o *serveOptions) { o.memory = false },
		"exclude each other":    func(o *serveOptions) { o.data = "d" },
		"less than 1":           func(o *serveOptions) { o.maxConnections = 0 },
		"--listen 0.0.0.0:1":    func(o *serveOptions) { o.listen = "0.0.0.0:1" },
		"--listen :1":           func(o *serveOptions) { o.listen = ":1" },
		"--http example.com:1":  func(o *serveOptions) { o.http = "example.com:1" },
		"missing port":          func(o *serveOptions) { o.listen = "127.0.0.1" },
	} {
		o := ok
		change(&o)
		if err := o.validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	open := ok
	open.insecure, open.listen = true, "0.0.0.0:0"
	if err := open.validate(); err != nil {
		t.Errorf("with --insecure: %v", err)
	}
}
