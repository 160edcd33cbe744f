package query

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/server"
	"github.com/cachalotdb/cachalot/store"
)

// isolationLevels are the levels by their names in settings.
var isolationLevels = map[string]store.Isolation{
	"read uncommitted": store.ReadCommitted, // as in PostgreSQL
	"read committed":   store.ReadCommitted,
	"repeatable read":  store.RepeatableRead,
	"serializable":     store.Serializable,
}

// isolationName returns the name of a level that a statement gives, "" for none.
func isolationName(l ast.IsolationLevel) string {
	switch l {
	case ast.ReadUncommitted:
		return "read uncommitted"
	case ast.ReadCommitted:
		return "read committed"
	case ast.RepeatableRead:
		return "repeatable read"
	case ast.Serializable:
		return "serializable"
	}
	return ""
}

// transactionDefaults are the settings that give a transaction's characteristics their first values.
var transactionDefaults = map[string]string{
	"transaction_isolation":  "default_transaction_isolation",
	"transaction_read_only":  "default_transaction_read_only",
	"transaction_deferrable": "default_transaction_deferrable",
}

// characterize fixes the characteristics of a transaction that begins: a change of the defaults is for later ones.
func (s *Session) characterize() {
	for name, def := range transactionDefaults {
		if v, _ := s.set.show(def); v != settingsByName[name].boot {
			_ = s.set.set(name, v, true) // it was accepted as the default
		}
	}
}

// isTransactionSetting says whether a setting is one of the current transaction.
func isTransactionSetting(name string) bool { return transactionDefaults[name] != "" }

// setCharacteristic is SET transaction_isolation and its kin, by name.
func (s *Session) setCharacteristic(name, v string) error {
	v, err := settingsByName[name].canonical(v, "")
	if err != nil {
		return err
	}
	var m ast.TransactionModes
	on := v == "on"
	switch name {
	case "transaction_isolation":
		for l := ast.ReadUncommitted; l <= ast.Serializable; l++ {
			if isolationName(l) == v {
				m.Isolation = l
			}
		}
	case "transaction_read_only":
		m.ReadOnly = &on
	case "transaction_deferrable":
		m.Deferrable = &on
	}
	return s.setModes(m)
}

// setModes sets the characteristics of the current transaction.
func (s *Session) setModes(m ast.TransactionModes) error {
	begun := s.txn.HasSnapshot()
	if name := isolationName(m.Isolation); name != "" {
		if now, _ := s.set.show("transaction_isolation"); name != now {
			switch {
			case begun:
				return sqlerr.New(sqlerr.ActiveSQLTransaction, "SET TRANSACTION ISOLATION LEVEL must be called before any query")
			case len(s.savepoints) > 0:
				return sqlerr.New(sqlerr.ActiveSQLTransaction, "SET TRANSACTION ISOLATION LEVEL must not be called in a subtransaction")
			}
			if err := s.set.set("transaction_isolation", name, true); err != nil {
				return err
			}
		}
	}
	if m.ReadOnly != nil && *m.ReadOnly != s.set.vars.readOnly {
		if !*m.ReadOnly {
			switch {
			case len(s.savepoints) > 0:
				return sqlerr.New(sqlerr.ActiveSQLTransaction, "cannot set transaction read-write mode inside a read-only transaction")
			case begun:
				return sqlerr.New(sqlerr.ActiveSQLTransaction, "transaction read-write mode must be set before any query")
			}
		}
		if err := s.set.set("transaction_read_only", onOff(*m.ReadOnly), true); err != nil {
			return err
		}
	}
	if m.Deferrable != nil {
		switch {
		case begun:
			return sqlerr.New(sqlerr.ActiveSQLTransaction, "SET TRANSACTION [NOT] DEFERRABLE must be called before any query")
		case len(s.savepoints) > 0:
			return sqlerr.New(sqlerr.ActiveSQLTransaction, "SET TRANSACTION [NOT] DEFERRABLE cannot be called within a subtransaction")
		}
		if err := s.set.set("transaction_deferrable", onOff(*m.Deferrable), true); err != nil {
			return err
		}
	}
	if !begun {
		s.txn.SetIsolation(s.set.vars.isolation, s.set.vars.readOnly)
	}
	return nil
}

// setTransaction runs SET TRANSACTION and SET SESSION CHARACTERISTICS.
func (s *Session) setTransaction(st *ast.SetTransactionStmt) error {
	if st.Session {
		return s.setSessionModes(st.Modes)
	}
	if s.status == server.TxIdle {
		s.warn(sqlerr.NoActiveSQLTransaction, "SET TRANSACTION can only be used in transaction blocks")
		if st.Snapshot == "" {
			return nil
		}
	}
	if st.Snapshot != "" {
		return s.importSnapshot(st.Snapshot)
	}
	return s.setModes(st.Modes)
}

// setSessionModes gives later transactions their characteristics.
func (s *Session) setSessionModes(m ast.TransactionModes) error {
	if name := isolationName(m.Isolation); name != "" {
		if err := s.set.set("default_transaction_isolation", name, false); err != nil {
			return err
		}
	}
	if m.ReadOnly != nil {
		if err := s.set.set("default_transaction_read_only", onOff(*m.ReadOnly), false); err != nil {
			return err
		}
	}
	if m.Deferrable != nil {
		return s.set.set("default_transaction_deferrable", onOff(*m.Deferrable), false)
	}
	return nil
}

// importSnapshot is SET TRANSACTION SNAPSHOT.
func (s *Session) importSnapshot(id string) error {
	switch {
	case s.txn.HasSnapshot() || len(s.savepoints) > 0:
		return sqlerr.New(sqlerr.ActiveSQLTransaction, "SET TRANSACTION SNAPSHOT must be called before any query")
	case s.txn.Isolation() == store.ReadCommitted:
		return sqlerr.NotSupported("a snapshot-importing transaction must have isolation level SERIALIZABLE or REPEATABLE READ")
	}
	return s.txn.ImportSnapshot(id)
}

// exportSnapshot is pg_export_snapshot().
func (s *Session) exportSnapshot() (string, error) {
	if len(s.savepoints) > 0 {
		return "", sqlerr.New(sqlerr.ActiveSQLTransaction, "cannot export a snapshot from a subtransaction")
	}
	return s.txn.ExportSnapshot(), nil
}
