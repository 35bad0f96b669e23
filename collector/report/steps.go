package report

import (
	"errors"
	"strconv"

	"vigia/checks/message"
	"vigia/collector/evidence"
)

// StepText says what a step proves.
func StepText(lang message.Lang, s Step) string {
	return steps().Say(lang, string(s), nil)
}

func steps() message.Catalogue {
	say := func(es, en string) message.Entry { return message.Entry{Say: message.Text{ES: es, EN: en}} }
	return message.Catalogue{
		string(StepFiles):      say("los archivos son los del manifiesto, sin cambios", "the files are those of the manifest, unchanged"),
		string(StepSignature):  say("los firmó la clave del registro", "the log's key signed them"),
		string(StepCheckpoint): say("el estado del registro está firmado", "the state of the log is signed"),
		string(StepTree):       say("ninguna entrada del registro fue alterada", "no entry of the log was altered"),
		string(StepLeaves):     say("las pruebas están en el registro", "the evidence is in the log"),
		string(StepReports):    say("los informes los firmaron los equipos", "the machines signed their reports"),
		string(StepStates):     say("los estados salen de los hechos y las reglas", "the states follow from facts and rules"),
		string(StepTables):     say("totales, tablas y PDF salen de los estados", "totals, tables and PDF follow from the states"),
		string(StepAct):        say("el acta sale de sus entradas: decisiones, firmas y números", "the act follows from its entries: decisions, signatures and numbers"),
		string(StepKept):       say("es el registro del punto de control guardado", "it is the log of the kept checkpoint"),
	}
}

// Explain says what a failed step found. What names an entry is said in the
// reader's language; the rest is detail for whoever repairs it.
func Explain(lang message.Lang, err error) string {
	if bad, ok := errors.AsType[*BadEntry](err); ok {
		return bad.damage().say(lang)
	}
	if p, ok := errors.AsType[*Problem](err); ok {
		return p.say(lang)
	}
	if errors.Is(err, afterFailure) {
		return ExplainSkip(lang, string(afterFailure))
	}
	return err.Error()
}

// ExplainSkip says why a step was not taken.
func ExplainSkip(lang message.Lang, why string) string {
	texts := map[string]message.Text{
		string(afterFailure): {ES: "no se pudo: falló un paso anterior", EN: "not possible: an earlier step failed"},
		string(noAct):        {ES: "el paquete no lleva acta", EN: "the package holds no act"},
		string(noKept):       {ES: "no se dio ninguno (--checkpoint)", EN: "none was given (--checkpoint)"},
	}
	if t, ok := texts[why]; ok {
		return t.In(lang)
	}
	return why
}

func (e *BadEntry) damage() Damage {
	return Damage{First: e.Index, Last: max(e.Index, e.Last), Why: e.Why}
}

// say names the first bad entry in one sentence.
func (d Damage) say(lang message.Lang) string {
	args := map[string]string{"first": strconv.FormatInt(d.First, 10), "last": strconv.FormatInt(d.Last, 10)}
	where := "one"
	if d.Last > d.First {
		where = "range"
	}
	text := defects().Say(lang, where, args)
	if _, known := defects()[d.Why]; known {
		text += " (" + defects().Say(lang, d.Why, nil) + ")"
	}
	return text
}

// defects says what was found of altered evidence, by evidence.Defect.
func defects() message.Catalogue {
	say := func(es, en string) message.Entry { return message.Entry{Say: message.Text{ES: es, EN: en}} }
	return message.Catalogue{
		"one":                           say("la primera entrada alterada del registro es la {first}", "the first altered entry of the log is {first}"),
		"range":                         say("la primera entrada alterada del registro está entre la {first} y la {last}", "the first altered entry of the log is between {first} and {last}"),
		"checkpoint":                    say("el punto de control de {size} entradas no es el que se firmó", "the checkpoint of {size} entries is not the one that was signed"),
		string(evidence.Missing):        say("falta", "it is missing"),
		string(evidence.Extra):          say("sobra: no es del registro firmado", "it is not of the signed log"),
		string(evidence.HeaderAltered):  say("cambió su cabecera", "its header changed"),
		string(evidence.SaltAltered):    say("cambió su sal", "its salt changed"),
		string(evidence.PayloadAltered): say("cambió su contenido", "its content changed"),
		string(evidence.PayloadErased):  say("se borró su contenido fuera de plazo", "its content was erased before its term"),
		string(evidence.HashAltered):    say("no da su resumen en el árbol", "it does not give its hash in the tree"),
		string(evidence.TreeAltered):    say("cambió un resumen del árbol sobre ella", "a hash of the tree above it changed"),
		string(evidence.Rewritten):      say("se reescribió la historia", "history was rewritten"),
		string(evidence.EpochAltered):   say("cambió su época", "its epoch changed"),
	}
}
