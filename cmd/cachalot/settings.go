package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"
)

// fillFlags sets the flags that the command line left alone: from the environment, else from the file.
func fillFlags(flags *pflag.FlagSet, file string) error {
	if env, ok := os.LookupEnv(envName("config")); ok && file == "" {
		file = env
	}
	fromFile := map[string]setting{}
	if file != "" {
		var err error
		if fromFile, err = readSettings(file); err != nil {
			return err
		}
	}
	for name, s := range fromFile {
		if flags.Lookup(name) == nil || name == "config" || name == "help" {
			return fmt.Errorf("%s: unknown setting %q", s.place, name)
		}
	}
	var failed error
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed || f.Name == "help" || failed != nil {
			return
		}
		if value, ok := os.LookupEnv(envName(f.Name)); ok {
			if err := flags.Set(f.Name, value); err != nil {
				failed = fmt.Errorf("%s: %w", envName(f.Name), err)
			}
			return
		}
		if s, ok := fromFile[f.Name]; ok {
			if err := flags.Set(f.Name, s.value); err != nil {
				failed = fmt.Errorf("%s: %w", s.place, err)
			}
		}
	})
	return failed
}

// envName returns the environment variable of a flag.
func envName(flag string) string {
	return "CACHALOT_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// setting is a line of a settings file.
type setting struct {
	value string
	place string // file:line
}

// readSettings reads a file of lines name = value, with comments after #. A value may
// stand in single quotes. A name means the flag of that name; _ stands for - too.
func readSettings(file string) (map[string]setting, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	settings := map[string]setting{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		place := fmt.Sprintf("%s:%d", file, n)
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok {
			return nil, fmt.Errorf("%s: expected name = value", place)
		}
		name = strings.ReplaceAll(strings.TrimSpace(name), "_", "-")
		if value, err = settingValue(strings.TrimSpace(value)); err != nil {
			return nil, fmt.Errorf("%s: %w", place, err)
		}
		if _, twice := settings[name]; twice {
			return nil, fmt.Errorf("%s: %s is set twice", place, name)
		}
		settings[name] = setting{value, place}
	}
	return settings, lines.Err()
}

// settingValue takes quotes and a comment off a value.
func settingValue(text string) (string, error) {
	quoted, ok := strings.CutPrefix(text, "'")
	if !ok {
		text, _, _ = strings.Cut(text, "#")
		return strings.TrimSpace(text), nil
	}
	value, rest, closed := strings.Cut(quoted, "'")
	if rest = strings.TrimSpace(rest); !closed || rest != "" && rest[0] != '#' {
		return "", fmt.Errorf("quotes do not fit in %s", text)
	}
	return value, nil
}
