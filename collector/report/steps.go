package report

import (
	"errors"

	"vigia/checks/message"
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
		string(StepKept):       say("es el registro del punto de control guardado", "it is the log of the kept checkpoint"),
	}
}

// Explain says what a failed step found. What names an entry is said in the
// reader's language; the rest is detail for whoever repairs it.
func Explain(lang message.Lang, err error) string {
	var bad *BadEntry
	if errors.As(err, &bad) {
		return message.Text{
			ES: "la entrada {index} del registro fue alterada; es la primera que está mal",
			EN: "entry {index} of the log was altered; it is the first that is bad",
		}.Format(lang, map[string]string{"index": number(bad.Index)})
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
		string(noKept):       {ES: "no se dio ninguno (--checkpoint)", EN: "none was given (--checkpoint)"},
	}
	if t, ok := texts[why]; ok {
		return t.In(lang)
	}
	return why
}
