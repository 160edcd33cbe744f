package query

import (
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/server"
	"github.com/cachalotdb/cachalot/store"
)

// settings are a session's run-time parameters. A value is, in this order, what SET LOCAL gave it
// in this transaction, what SET gave it, its default. SET is undone when its transaction rolls back.
type settings struct {
	defaults map[string]string // of this session, where they differ from the definition's
	session  map[string]string
	local    map[string]string
	saved    map[string]string // session as it was when the transaction first changed it
	inTxn    bool              // saved is valid

	namespace namespace
	types     value.UserTypes // of the session
	names     value.OIDNames

	vars     vars
	reported map[string]string
	report   func(name, value string)
	setTCP   func(server.TCPOptions) // nil: there is no connection
}

// vars are the settings that the engine reads, decoded.
type vars struct {
	style            value.Style // without the time of the statement
	bareLiterals     bool
	asyncCommit      bool
	readOnly         bool            // of this transaction
	defaults         bool            // new transactions have PostgreSQL's own characteristics
	isolation        store.Isolation // of this transaction
	statementTimeout time.Duration
	lockTimeout      time.Duration
	workMem          int64 // bytes
	idleInTxn        time.Duration
	idle             time.Duration
	minMessages      int // index in messageLevels
	searchPath       []string
	path             schema.Path
	tcp              server.TCPOptions
	avoid            plan.Avoid
	// planKey holds what the plan of a text depends on.
	planKey string
}

// messageLevels are the severities in the order of client_min_messages.
var messageLevels = []string{"DEBUG5", "DEBUG4", "DEBUG3", "DEBUG2", "DEBUG1", "LOG", "NOTICE", "WARNING", "ERROR"}

func newSettings(report func(name, value string)) *settings {
	return &settings{
		defaults: map[string]string{}, session: map[string]string{}, local: map[string]string{},
		reported: map[string]string{}, report: report,
	}
}

// get returns a setting's canonical value.
func (s *settings) get(def *setting) string {
	key := strings.ToLower(def.name)
	for _, m := range [...]map[string]string{s.local, s.session, s.defaults} {
		if v, ok := m[key]; ok {
			return v
		}
	}
	return def.boot
}

// show returns a setting as SHOW prints it.
func (s *settings) show(name string) (string, bool) {
	key := strings.ToLower(name)
	if def, ok := settingsByName[key]; ok {
		return def.shown(s.get(def)), true
	}
	for _, m := range [...]map[string]string{s.local, s.session, s.defaults} {
		if v, ok := m[key]; ok {
			return v, true
		}
	}
	return "", false
}

// unknownSetting is the 42704 error.
func unknownSetting(name string) *sqlerr.Error {
	return sqlerr.New(sqlerr.UndefinedObject, "unrecognized configuration parameter %q", name)
}

// find returns the definition of a name that SET may change; a name with a dot that nobody
// defined is a text of the user's own.
func findSetting(name string) (*setting, error) {
	key := strings.ToLower(name)
	if def, ok := settingsByName[key]; ok {
		switch def.scope {
		case internalScope:
			return nil, sqlerr.New(sqlerr.CantChangeRuntimeParam, "parameter %q cannot be changed", def.name)
		case startScope:
			return nil, sqlerr.New(sqlerr.CantChangeRuntimeParam, "parameter %q cannot be changed without restarting the server", def.name)
		case reloadScope:
			return nil, sqlerr.New(sqlerr.CantChangeRuntimeParam, "parameter %q cannot be changed now", def.name)
		}
		return def, nil
	}
	if prefix, rest, ok := strings.Cut(key, "."); ok && prefix != "" && rest != "" && prefix != "cachalot" {
		return &setting{name: key, kind: textSetting}, nil
	}
	return nil, unknownSetting(name)
}

// set changes a setting. Local values end with the transaction.
func (s *settings) set(name, v string, local bool) error {
	def, err := findSetting(name)
	if err != nil {
		return err
	}
	if v, err = def.canonical(v, s.get(def)); err != nil {
		return err
	}
	s.save()
	key := strings.ToLower(def.name)
	if local {
		s.local[key] = v
	} else {
		s.session[key] = v
		delete(s.local, key)
	}
	s.changed()
	return nil
}

// reset gives a setting its default again.
func (s *settings) reset(name string, local bool) error {
	def, err := findSetting(name)
	if err != nil {
		return err
	}
	s.save()
	key := strings.ToLower(def.name)
	if local {
		s.local[key] = s.defaultOf(def)
	} else {
		delete(s.session, key)
		delete(s.local, key)
	}
	s.changed()
	return nil
}

func (s *settings) defaultOf(def *setting) string {
	if v, ok := s.defaults[strings.ToLower(def.name)]; ok {
		return v
	}
	return def.boot
}

// resetAll gives every setting its default again.
func (s *settings) resetAll() {
	s.save()
	s.session, s.local = map[string]string{}, map[string]string{}
	s.changed()
}

func (s *settings) save() {
	if !s.inTxn {
		s.saved, s.inTxn = maps.Clone(s.session), true
	}
}

// end ends the transaction: local values go, and those of SET too when it is rolled back.
func (s *settings) end(committed bool) {
	if !s.inTxn {
		return
	}
	if !committed {
		s.session = s.saved
	}
	s.saved, s.inTxn = nil, false
	clear(s.local)
	s.changed()
}

// start gives the session its defaults from the startup message.
func (s *settings) start(values map[string]string) error {
	for name, v := range values {
		def, err := findSetting(name)
		if err != nil {
			return err
		}
		if v, err = def.canonical(v, s.get(def)); err != nil {
			return err
		}
		s.defaults[strings.ToLower(def.name)] = v
	}
	s.changed()
	return nil
}

// changed decodes the values and tells the client what it wants to know.
func (s *settings) changed() {
	tcp := s.vars.tcp
	s.vars = s.decode()
	if s.vars.tcp != tcp && s.setTCP != nil {
		s.setTCP(s.vars.tcp)
	}
	for _, def := range settingList {
		if !def.report {
			continue
		}
		v := def.shown(s.get(def))
		if old, told := s.reported[def.name]; told && old == v {
			continue
		}
		s.reported[def.name] = v
		if s.report != nil {
			s.report(def.name, v)
		}
	}
}

func (s *settings) decode() vars {
	at := func(name string) string { return s.get(settingsByName[name]) }
	number := func(name string) int64 {
		n, _ := strconv.ParseInt(at(name), 10, 64) // canonical
		return n
	}
	millis := func(name string) time.Duration { return time.Duration(number(name)) * time.Millisecond }
	v := vars{
		bareLiterals: at("cachalot.bare_literals") == "on",
		asyncCommit:  at("synchronous_commit") == "off",
		readOnly:     at("transaction_read_only") == "on",
		isolation:    isolationLevels[at("transaction_isolation")],
		defaults: at("default_transaction_isolation") == "read committed" && at("default_transaction_read_only") == "off" &&
			at("default_transaction_deferrable") == "off",
		statementTimeout: millis("statement_timeout"),
		lockTimeout:      millis("lock_timeout"),
		workMem:          number("work_mem") << 10,
		idleInTxn:        millis("idle_in_transaction_session_timeout"),
		idle:             millis("idle_session_timeout"),
		searchPath:       splitIdents(at("search_path")),
		avoid: plan.Avoid{
			SeqScan: at("enable_seqscan") == "off", IndexSets: at("enable_bitmapscan") == "off",
			IndexWalk: at("enable_indexscan") == "off", Sort: at("enable_sort") == "off",
			HashJoin: at("enable_hashjoin") == "off", NestLoop: at("enable_nestloop") == "off",
			JoinOrder: at("join_collapse_limit") == "1",
		},
	}
	v.path = s.namespace.path(v.searchPath)
	v.tcp = server.TCPOptions{
		KeepIdle:     time.Duration(number("tcp_keepalives_idle")) * time.Second,
		KeepInterval: time.Duration(number("tcp_keepalives_interval")) * time.Second,
		KeepCount:    int(number("tcp_keepalives_count")),
		UserTimeout:  millis("tcp_user_timeout"),
	}
	v.style = *value.DefaultStyle()
	v.style.Types, v.style.Names = s.types, s.names
	_, v.style.Location, _ = loadZone(at("timezone"))
	v.style.DateFormat, v.style.DateOrder, _ = parseDateStyle(at("datestyle"), value.DateISO, value.OrderMDY)
	v.style.FloatDigits = int(number("extra_float_digits"))
	v.style.ByteaEscape = at("bytea_output") == "escape"
	v.style.Intervals = intervalStyles[strings.ToLower(at("intervalstyle"))]
	for i, level := range messageLevels {
		if strings.EqualFold(level, at("client_min_messages")) {
			v.minMessages = i
		}
	}
	v.planKey = onOff(v.bareLiterals) + "\x00" + at("timezone") + "\x00" + at("datestyle") + "\x00" +
		at("intervalstyle") + "\x00" + s.namespace.key(v.searchPath)
	return v
}

// intervalStyles are the values of IntervalStyle.
var intervalStyles = map[string]value.IntervalStyle{
	"postgres": value.IntervalPostgres, "postgres_verbose": value.IntervalPostgresVerbose,
	"sql_standard": value.IntervalSQL, "iso_8601": value.IntervalISO,
}

// splitIdents splits a list of identifiers, unquoted.
func splitIdents(list string) []string {
	var out []string
	for _, part := range strings.Split(list, ",") {
		part = strings.TrimSpace(part)
		if len(part) >= 2 && part[0] == '"' && part[len(part)-1] == '"' {
			part = strings.ReplaceAll(part[1:len(part)-1], `""`, `"`)
		}
		if part != "" {
			out = append(out, part)
		}
	}
	return out
}
