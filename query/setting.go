package query

import (
	"math"
	"strconv"
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// settingKind is the type of a setting's values.
type settingKind uint8

const (
	boolSetting settingKind = iota
	intSetting
	realSetting
	enumSetting
	textSetting
	listSetting // identifiers separated by commas, search_path
)

// settingScope says who may change a setting, as PostgreSQL's contexts.
type settingScope uint8

const (
	userScope     settingScope = iota // by SET
	internalScope                     // nobody
	startScope                        // when the server starts
	reloadScope                       // by configuration only
)

// setting is the definition of one run-time parameter.
type setting struct {
	name  string // as SHOW spells it
	kind  settingKind
	scope settingScope
	boot  string // the default, in canonical form
	unit  string // "ms", "s", "kB", "8kB", ""
	min   float64
	max   float64
	enum  []string
	// plain ones are shown as numbers of their unit without it.
	plain bool
	// report marks those that ParameterStatus tells the client.
	report bool
	// check makes a value canonical or refuses it, knowing the current one; nil accepts all.
	check func(s *setting, v, current string) (string, error)
	about string
}

const maxInt = math.MaxInt32

// settingList is every setting there is. Those that only tune PostgreSQL's own planner or
// storage are accepted because clients and dumps set them; they change nothing here.
var settingList = []*setting{
	{name: "application_name", kind: textSetting, report: true, about: "Sets the application name to be reported in statistics and logs.", check: checkASCII},
	{name: "array_nulls", kind: boolSetting, boot: "on", about: "Enable input of NULL elements in arrays.", check: onlyValue},
	{name: "backslash_quote", kind: enumSetting, boot: "safe_encoding", enum: []string{"safe_encoding", "on", "off"}, about: "Sets whether \"\\'\" is allowed in string literals."},
	{name: "block_size", kind: intSetting, scope: internalScope, boot: "8192", about: "Shows the size of a disk block."},
	{name: "bytea_output", kind: enumSetting, boot: "hex", enum: []string{"escape", "hex"}, about: "Sets the output format for bytea."},
	{name: "cachalot.bare_literals", kind: boolSetting, boot: "off", about: "Reads bare words and dates that name no column as literals, as Cachalot does."},
	{name: "check_function_bodies", kind: boolSetting, boot: "on", about: "Check routine bodies during CREATE FUNCTION and CREATE PROCEDURE."},
	{name: "client_encoding", kind: textSetting, boot: "UTF8", report: true, about: "Sets the client's character set encoding.", check: checkEncoding},
	{name: "client_min_messages", kind: enumSetting, boot: "notice", enum: []string{"debug5", "debug4", "debug3", "debug2", "debug1", "log", "notice", "warning", "error"}, about: "Sets the message levels that are sent to the client."},
	{name: "constraint_exclusion", kind: enumSetting, boot: "partition", enum: []string{"partition", "on", "off"}, about: "Enables the planner to use constraints to optimize queries."},
	{name: "cpu_index_tuple_cost", kind: realSetting, boot: "0.005", max: math.MaxFloat64},
	{name: "cpu_operator_cost", kind: realSetting, boot: "0.0025", max: math.MaxFloat64},
	{name: "cpu_tuple_cost", kind: realSetting, boot: "0.01", max: math.MaxFloat64},
	{name: "cursor_tuple_fraction", kind: realSetting, boot: "0.1", max: 1},
	{name: "data_checksums", kind: boolSetting, scope: internalScope, boot: "on", about: "Shows whether data checksums are turned on for this cluster."},
	{name: "DateStyle", kind: textSetting, boot: "ISO, MDY", report: true, about: "Sets the display format for date and time values.", check: checkDateStyle},
	{name: "deadlock_timeout", kind: intSetting, boot: "1000", unit: "ms", min: 1, max: maxInt, about: "Sets the time to wait on a lock before checking for deadlock."},
	{name: "debug_assertions", kind: boolSetting, scope: internalScope, boot: "off"},
	{name: "default_statistics_target", kind: intSetting, boot: "100", min: 1, max: 10000},
	{name: "default_table_access_method", kind: textSetting, boot: "heap", about: "Sets the default table access method for new tables.", check: onlyValue},
	{name: "default_tablespace", kind: textSetting, about: "Sets the default tablespace to create tables and indexes in.", check: onlyValue},
	{name: "default_text_search_config", kind: textSetting, boot: "pg_catalog.simple", about: "Sets default text search configuration."},
	{name: "default_toast_compression", kind: enumSetting, boot: "pglz", enum: []string{"pglz", "lz4"}},
	{name: "default_transaction_deferrable", kind: boolSetting, boot: "off", about: "Sets the default deferrable status of new transactions."},
	{name: "default_transaction_isolation", kind: enumSetting, boot: "read committed", enum: isolationNames, about: "Sets the transaction isolation level of each new transaction."},
	{name: "default_transaction_read_only", kind: boolSetting, boot: "off", report: true, about: "Sets the default read-only status of new transactions."},
	{name: "effective_cache_size", kind: intSetting, boot: "524288", unit: "8kB", min: 1, max: maxInt},
	{name: "enable_bitmapscan", kind: boolSetting, boot: "on", about: "Enables the planner's use of sets of rows from indexes."},
	{name: "enable_hashagg", kind: boolSetting, boot: "on"},
	{name: "enable_hashjoin", kind: boolSetting, boot: "on"},
	{name: "enable_indexscan", kind: boolSetting, boot: "on", about: "Enables the planner's use of indexes."},
	{name: "enable_mergejoin", kind: boolSetting, boot: "on"},
	{name: "enable_nestloop", kind: boolSetting, boot: "on"},
	{name: "enable_seqscan", kind: boolSetting, boot: "on", about: "Enables the planner's use of sequential-scan plans."},
	{name: "enable_sort", kind: boolSetting, boot: "on", about: "Enables the planner's use of explicit sort steps."},
	{name: "escape_string_warning", kind: boolSetting, boot: "on", about: "Warn about backslash escapes in ordinary string literals."},
	{name: "extra_float_digits", kind: intSetting, boot: "1", min: -15, max: 3, about: "Sets the number of digits displayed for floating-point values."},
	{name: "from_collapse_limit", kind: intSetting, boot: "8", min: 1, max: maxInt},
	{name: "fsync", kind: boolSetting, scope: reloadScope, boot: "on", about: "Forces synchronization of updates to disk."},
	{name: "geqo", kind: boolSetting, boot: "on"},
	{name: "idle_in_transaction_session_timeout", kind: intSetting, boot: "0", unit: "ms", max: maxInt, about: "Sets the maximum allowed idle time between queries, when in a transaction."},
	{name: "idle_session_timeout", kind: intSetting, boot: "0", unit: "ms", max: maxInt, about: "Sets the maximum allowed idle time between queries, when not in a transaction."},
	{name: "in_hot_standby", kind: boolSetting, scope: internalScope, boot: "off", report: true, about: "Shows whether hot standby is currently active."},
	{name: "integer_datetimes", kind: boolSetting, scope: internalScope, boot: "on", report: true, about: "Shows whether datetimes are integer based."},
	{name: "IntervalStyle", kind: enumSetting, boot: "postgres", enum: []string{"postgres", "postgres_verbose", "sql_standard", "iso_8601"}, report: true, about: "Sets the display format for interval values."},
	{name: "is_superuser", kind: boolSetting, scope: internalScope, boot: "on", report: true, about: "Shows whether the current user is a superuser."},
	{name: "jit", kind: boolSetting, boot: "off"},
	{name: "join_collapse_limit", kind: intSetting, boot: "8", min: 1, max: maxInt},
	{name: "lc_collate", kind: textSetting, scope: internalScope, boot: "C.UTF-8", about: "Shows the collation order locale."},
	{name: "lc_ctype", kind: textSetting, scope: internalScope, boot: "C.UTF-8", about: "Shows the character classification and case conversion locale."},
	{name: "lc_messages", kind: textSetting, boot: "C.UTF-8", check: checkLocale, about: "Sets the language in which messages are displayed."},
	{name: "lc_monetary", kind: textSetting, boot: "C.UTF-8", check: checkLocale, about: "Sets the locale for formatting monetary amounts."},
	{name: "lc_numeric", kind: textSetting, boot: "C.UTF-8", check: checkLocale, about: "Sets the locale for formatting numbers."},
	{name: "lc_time", kind: textSetting, boot: "C.UTF-8", check: checkLocale, about: "Sets the locale for formatting date and time values."},
	{name: "lock_timeout", kind: intSetting, boot: "0", unit: "ms", max: maxInt, about: "Sets the maximum allowed duration of any wait for a lock."},
	{name: "log_min_duration_statement", kind: intSetting, boot: "-1", unit: "ms", min: -1, max: maxInt},
	{name: "log_min_messages", kind: enumSetting, boot: "warning", enum: []string{"debug5", "debug4", "debug3", "debug2", "debug1", "info", "notice", "warning", "error", "log", "fatal", "panic"}},
	{name: "log_statement", kind: enumSetting, boot: "none", enum: []string{"none", "ddl", "mod", "all"}},
	{name: "maintenance_work_mem", kind: intSetting, boot: "65536", unit: "kB", min: 1024, max: maxInt},
	{name: "max_connections", kind: intSetting, scope: startScope, boot: "100", min: 1, max: 262143, about: "Sets the maximum number of concurrent connections."},
	{name: "max_function_args", kind: intSetting, scope: internalScope, boot: "100"},
	{name: "max_identifier_length", kind: intSetting, scope: internalScope, boot: "63", about: "Shows the maximum identifier length."},
	{name: "max_index_keys", kind: intSetting, scope: internalScope, boot: "32", about: "Shows the maximum number of index keys."},
	{name: "max_parallel_workers_per_gather", kind: intSetting, boot: "2", max: 1024},
	{name: "max_prepared_transactions", kind: intSetting, scope: startScope, boot: "64", max: 262143, about: "Sets the maximum number of simultaneously prepared transactions."},
	{name: "password_encryption", kind: enumSetting, boot: "scram-sha-256", enum: []string{"md5", "scram-sha-256"}},
	{name: "plan_cache_mode", kind: enumSetting, boot: "auto", enum: []string{"auto", "force_generic_plan", "force_custom_plan"}},
	{name: "quote_all_identifiers", kind: boolSetting, boot: "off"},
	{name: "random_page_cost", kind: realSetting, boot: "4", max: math.MaxFloat64},
	{name: "role", kind: textSetting, boot: "none", about: "Sets the current role.", check: checkRole},
	{name: "row_security", kind: boolSetting, boot: "on", about: "Enable row security."},
	{name: "search_path", kind: listSetting, boot: `"$user", public`, about: "Sets the schema search order for names that are not schema-qualified."},
	{name: "seq_page_cost", kind: realSetting, boot: "1", max: math.MaxFloat64},
	{name: "server_encoding", kind: textSetting, scope: internalScope, boot: "UTF8", report: true, about: "Shows the server (database) character set encoding."},
	{name: "server_version", kind: textSetting, scope: internalScope, boot: ServerVersion, report: true, about: "Shows the server version."},
	{name: "server_version_num", kind: intSetting, scope: internalScope, boot: serverVersionNum, about: "Shows the server version as an integer."},
	{name: "session_authorization", kind: textSetting, report: true, about: "Sets the session user name."},
	{name: "session_replication_role", kind: enumSetting, boot: "origin", enum: []string{"origin", "replica", "local"}},
	{name: "ssl", kind: boolSetting, scope: reloadScope, boot: "off"},
	{name: "standard_conforming_strings", kind: boolSetting, boot: "on", report: true, about: "Causes '...' strings to treat backslashes literally.", check: onlyValue},
	{name: "statement_timeout", kind: intSetting, boot: "0", unit: "ms", max: maxInt, about: "Sets the maximum allowed duration of any statement."},
	{name: "synchronize_seqscans", kind: boolSetting, boot: "on", about: "Enable synchronized sequential scans."},
	{name: "synchronous_commit", kind: enumSetting, boot: "on", enum: []string{"local", "remote_write", "remote_apply", "on", "off"}, about: "Sets the current transaction's synchronization level."},
	{name: "tcp_keepalives_count", kind: intSetting, boot: "0", max: maxInt, about: "Maximum number of TCP keepalive retransmits."},
	{name: "tcp_keepalives_idle", kind: intSetting, boot: "0", unit: "s", max: maxInt, plain: true, about: "Time between issuing TCP keepalives."},
	{name: "tcp_keepalives_interval", kind: intSetting, boot: "0", unit: "s", max: maxInt, plain: true, about: "Time between TCP keepalive retransmits."},
	{name: "tcp_user_timeout", kind: intSetting, boot: "0", unit: "ms", max: maxInt, plain: true, about: "TCP user timeout."},
	{name: "temp_buffers", kind: intSetting, boot: "1024", unit: "8kB", min: 100, max: 1073741823},
	{name: "TimeZone", kind: textSetting, boot: "UTC", report: true, about: "Sets the time zone for displaying and interpreting time stamps.", check: checkTimeZone},
	{name: "timezone_abbreviations", kind: textSetting, boot: "Default", check: onlyValue},
	{name: "transaction_deferrable", kind: boolSetting, boot: "off", about: "Whether to defer a read-only serializable transaction until it can be executed with no possible serialization failures."},
	{name: "transaction_isolation", kind: enumSetting, boot: "read committed", enum: isolationNames, about: "Sets the current transaction's isolation level."},
	{name: "transaction_read_only", kind: boolSetting, boot: "off", about: "Sets the current transaction's read-only status."},
	{name: "transform_null_equals", kind: boolSetting, boot: "off", check: onlyValue},
	{name: "vacuum_cost_delay", kind: realSetting, boot: "0", unit: "ms", max: 100},
	{name: "wal_level", kind: enumSetting, scope: startScope, boot: "replica", enum: []string{"minimal", "replica", "logical"}},
	{name: "work_mem", kind: intSetting, boot: "2097152", unit: "kB", min: 64, max: maxInt, about: "Sets the maximum memory that one statement may keep rows in."},
	{name: "xmlbinary", kind: enumSetting, boot: "base64", enum: []string{"base64", "hex"}},
	{name: "xmloption", kind: enumSetting, boot: "content", enum: []string{"content", "document"}},
}

var isolationNames = []string{"serializable", "repeatable read", "read committed", "read uncommitted"}

// settingsByName finds a definition by its lower-case name.
var settingsByName = func() map[string]*setting {
	m := make(map[string]*setting, len(settingList))
	for _, s := range settingList {
		m[strings.ToLower(s.name)] = s
	}
	return m
}()

// canonical checks a value as SET gives it and returns the form that is kept.
func (s *setting) canonical(v, current string) (string, error) {
	var err error
	switch s.kind {
	case boolSetting:
		b, ok := parseBool(v)
		if !ok {
			return "", sqlerr.New(sqlerr.InvalidParameterValue, "parameter %q requires a Boolean value", s.name)
		}
		v = onOff(b)
	case intSetting:
		v, err = s.canonicalNumber(v, true)
	case realSetting:
		v, err = s.canonicalNumber(v, false)
	case enumSetting:
		v, err = s.canonicalEnum(v)
	}
	if err != nil || s.check == nil {
		return v, err
	}
	return s.check(s, v, current)
}

func (s *setting) canonicalEnum(v string) (string, error) {
	for _, e := range s.enum {
		if strings.EqualFold(e, v) {
			return e, nil
		}
	}
	// Enums with on and off take the other words for them too.
	if b, ok := parseBool(v); ok {
		for _, e := range s.enum {
			if e == onOff(b) {
				return e, nil
			}
		}
	}
	return "", s.invalid(v).WithHint("Available values: %s.", strings.Join(s.enum, ", "))
}

func (s *setting) invalid(v string) *sqlerr.Error {
	return sqlerr.New(sqlerr.InvalidParameterValue, "invalid value for parameter %q: \"%s\"", s.name, v)
}

// unitFactors are the units that a value may be written in, by the base unit
// of the setting; a factor is what one of them is in base units.
var unitFactors = map[string][]struct {
	name   string
	factor float64
}{
	"ms":  {{"d", 86400000}, {"h", 3600000}, {"min", 60000}, {"s", 1000}, {"ms", 1}, {"us", 0.001}},
	"s":   {{"d", 86400}, {"h", 3600}, {"min", 60}, {"s", 1}, {"ms", 0.001}, {"us", 0.000001}},
	"kB":  {{"TB", 1 << 30}, {"GB", 1 << 20}, {"MB", 1 << 10}, {"kB", 1}, {"B", 1.0 / 1024}},
	"8kB": {{"TB", 1 << 27}, {"GB", 1 << 17}, {"MB", 1 << 7}, {"kB", 0.125}, {"B", 1.0 / 8192}},
}

func (s *setting) canonicalNumber(v string, whole bool) (string, error) {
	text := strings.TrimSpace(v)
	end := len(text)
	for end > 0 && (text[end-1] >= 'a' && text[end-1] <= 'z' || text[end-1] >= 'A' && text[end-1] <= 'Z') {
		end--
	}
	unit := text[end:]
	n, err := strconv.ParseFloat(strings.TrimSpace(text[:end]), 64)
	if err != nil || math.IsNaN(n) {
		return "", s.invalid(v)
	}
	if unit != "" {
		f, err := s.unitFactor(unit, v)
		if err != nil {
			return "", err
		}
		n *= f
	}
	if whole {
		if n = math.RoundToEven(n); n > math.MaxInt32 || n < math.MinInt32 {
			return "", s.invalid(v).WithHint("Value exceeds integer range.")
		}
	}
	if n < s.min || n > s.max {
		shown, blank := strconv.FormatFloat(n, 'f', -1, 64), ""
		if s.unit != "" {
			blank = " " + s.unit
		}
		return "", sqlerr.New(sqlerr.InvalidParameterValue, "%s%s is outside the valid range for parameter %q (%s .. %s)",
			shown, blank, s.name, strconv.FormatFloat(s.min, 'g', -1, 64), formatBound(s.max))
	}
	return strconv.FormatFloat(n, 'f', -1, 64), nil
}

func formatBound(f float64) string {
	if f == math.Trunc(f) && math.Abs(f) < 1e15 {
		return strconv.FormatInt(int64(f), 10)
	}
	return strconv.FormatFloat(f, 'g', 6, 64)
}

func (s *setting) unitFactor(unit, v string) (float64, error) {
	units := unitFactors[s.unit]
	for _, u := range units {
		if u.name == unit {
			return u.factor, nil
		}
	}
	err := s.invalid(v)
	switch s.unit {
	case "ms", "s":
		return 0, err.WithHint(`Valid units for this parameter are "us", "ms", "s", "min", "h", and "d".`)
	case "kB", "8kB":
		return 0, err.WithHint(`Valid units for this parameter are "B", "kB", "MB", "GB", and "TB".`)
	}
	return 0, err
}

// shown returns a canonical value as SHOW prints it: numbers in the largest unit that
// divides them.
func (s *setting) shown(v string) string {
	if s.unit == "" || s.kind != intSetting || s.plain {
		return v
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n <= 0 {
		return v
	}
	for _, u := range unitFactors[s.unit] {
		if q := float64(n) / u.factor; q >= 1 && q == math.Trunc(q) {
			return strconv.FormatFloat(q, 'f', -1, 64) + u.name
		}
	}
	return v + s.unit
}

// parseBool reads a boolean as PostgreSQL does: any unambiguous prefix.
func parseBool(v string) (value, ok bool) {
	v = strings.ToLower(strings.TrimSpace(v))
	prefix := func(word string, least int) bool { return len(v) >= least && strings.HasPrefix(word, v) }
	switch {
	case v == "1", prefix("true", 1), prefix("yes", 1), prefix("on", 2):
		return true, true
	case v == "0", prefix("false", 1), prefix("no", 1), prefix("off", 2):
		return false, true
	}
	return false, false
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}
