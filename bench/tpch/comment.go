package tpch

import (
	"math/rand/v2"
	"strings"
)

// words are what comments are made of, as in the specification's section 4.2.2.13.
var words = struct{ nouns, verbs, adjectives, adverbs, prepositions, auxiliaries, terminators []string }{
	nouns: strings.Fields(`foxes ideas theodolites pinto_beans instructions dependencies excuses platelets asymptotes courts dolphins multipliers
		sauternes warthogs frets dinos attainments somas Tiresias patterns forges braids hockey_players frays warhorses dugouts notornis epitaphs
		pearls tithes waters orbits gifts sheaves depths sentiments decoys realms pains grouches escapades packages requests accounts deposits`),
	verbs: strings.Fields(`sleep wake are cajole haggle nag use boost affix detect integrate maintain nod was lose sublate solve thrash promise
		engage hinder print x-ray breach eat grow impress mold poach serve run dazzle snooze doze unwind kindle play hang believe doubt`),
	adjectives: strings.Fields(`furious sly careful blithe quick fluffy slow quiet ruthless thin close dogged daring brave stealthy permanent
		enticing idle busy regular final ironic even bold silent special pending express unusual`),
	adverbs: strings.Fields(`sometimes always never furiously slyly carefully blithely quickly fluffily slowly quietly ruthlessly thinly closely
		doggedly daringly bravely stealthily permanently enticingly idly busily regularly finally ironically evenly boldly silently`),
	prepositions: strings.Fields(`about above according_to across after against along alongside_of among around at atop before behind beneath
		beside besides between beyond by despite during except for from in_place_of inside instead_of into near of on outside over past since
		through throughout to toward under until up upon without with within`),
	auxiliaries: strings.Fields(`do may might shall will would can could should ought_to must will_have_to shall_have_to could_have_to
		should_have_to must_have_to need_to try_to`),
	terminators: []string{".", ";", ":", "?", "!", "--"},
}

func pick(r *rand.Rand, list []string) string { return list[r.IntN(len(list))] }

// textPool is a long text of the grammar, of which comments are pieces, as the specification says.
func textPool(size int) string {
	r := rand.New(rand.NewPCG(22, 1992))
	var b strings.Builder
	for b.Len() < size {
		sentence(&b, r)
	}
	return strings.ReplaceAll(b.String(), "_", " ")
}

func sentence(b *strings.Builder, r *rand.Rand) {
	nounPhrase(b, r)
	verbPhrase(b, r)
	switch r.IntN(5) {
	case 0:
		nounPhrase(b, r)
	case 1, 2:
		prepositionalPhrase(b, r)
	}
	text := pick(r, words.terminators)
	b.WriteString(text + " ")
}

func nounPhrase(b *strings.Builder, r *rand.Rand) {
	switch r.IntN(4) {
	case 1:
		b.WriteString(pick(r, words.adjectives) + " ")
	case 2:
		b.WriteString(pick(r, words.adjectives) + ", " + pick(r, words.adjectives) + " ")
	case 3:
		b.WriteString(pick(r, words.adverbs) + " " + pick(r, words.adjectives) + " ")
	}
	b.WriteString(pick(r, words.nouns) + " ")
}

func verbPhrase(b *strings.Builder, r *rand.Rand) {
	if r.IntN(2) == 0 {
		b.WriteString(pick(r, words.auxiliaries) + " ")
	}
	b.WriteString(pick(r, words.verbs) + " ")
	if r.IntN(2) == 0 {
		b.WriteString(pick(r, words.adverbs) + " ")
	}
}

func prepositionalPhrase(b *strings.Builder, r *rand.Rand) {
	b.WriteString(pick(r, words.prepositions) + " the ")
	nounPhrase(b, r)
}
