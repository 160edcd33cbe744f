package value

import (
	"testing"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// testTypes has one enum.
type testTypes struct{}

func (testTypes) EnumValue(oid uint32, label string) (Value, error) {
	for i, l := range []string{"sad", "ok", "happy"} {
		if l == label && oid == 20000 {
			return NewEnum(oid, uint32(i), l), nil
		}
	}
	return Null(Enum), sqlerr.New(sqlerr.InvalidTextRepresentation, "no label %q", label)
}

func (testTypes) FindType(_, name string) (Type, bool) {
	return Type{Kind: Enum, Mod: -1, User: 20000}, name == "mood"
}

func (testTypes) TypeName(oid uint32) (string, bool) { return "mood", oid == 20000 }

// TestEnum takes an enum through every form of a value.
func TestEnum(t *testing.T) {
	st := DefaultStyle()
	st.Types = testTypes{}
	mood := Type{Kind: Enum, Mod: -1, User: 20000}
	sad, err := Parse(mood, "sad", st)
	if err != nil {
		t.Fatal(err)
	}
	happy, err := Cast(NewText("happy"), mood, CastExplicit, st)
	if err != nil {
		t.Fatal(err)
	}
	if Compare(sad, happy) >= 0 || string(AppendKey(nil, sad)) >= string(AppendKey(nil, happy)) {
		t.Error("sad is not before happy")
	}
	other := NewEnum(20002, 0, "sad")
	if Equal(sad, other) {
		t.Error("values of two enums are equal")
	}
	for name, got := range map[string]string{"text": string(AppendText(nil, happy, st)), "binary": string(AppendBinary(nil, happy))} {
		if got != "happy" {
			t.Errorf("%s form: %q", name, got)
		}
	}
	back, _, err := DecodeStored(AppendStored(nil, happy))
	if err != nil || back != happy || !Valid(back) {
		t.Errorf("stored form: %v %v", back, err)
	}
	key, _, err := DecodeKey(Enum, AppendKey(nil, happy))
	if err != nil || key != happy {
		t.Errorf("key: %v %v", key, err)
	}
	text, err := Cast(happy, Of(Text), CastAssignment, st)
	if err != nil || text.Bytes() != "happy" {
		t.Errorf("as text: %v %v", text, err)
	}
	list := Type{Kind: Enum.Array(), Mod: -1, User: 20000}
	array, err := Parse(list, "{happy,NULL,sad}", st)
	if err != nil || string(AppendText(nil, array, st)) != "{happy,NULL,sad}" {
		t.Errorf("array: %v %v", array, err)
	}
	if mood.OID() != 20000 || list.OID() != 20001 || st.NameOf(list) != "mood[]" {
		t.Errorf("OIDs %d and %d, name %s", mood.OID(), list.OID(), st.NameOf(list))
	}
	if _, err := Parse(mood, "angry", st); sqlerr.Code(err) != sqlerr.InvalidTextRepresentation {
		t.Errorf("a label that there is not: %v", err)
	}
	if _, err := Parse(mood, "sad", DefaultStyle()); sqlerr.Code(err) != sqlerr.FeatureNotSupported {
		t.Errorf("without the catalog: %v", err)
	}
}
