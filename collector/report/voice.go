package report

import (
	"vigia/checks"
	"vigia/checks/catalog"
	"vigia/checks/message"
	"vigia/collector/findings"
)

// Voice says reasons in one language: those of the checks and those of the
// collector itself.
type Voice struct {
	Lang    message.Lang
	catalog *catalog.Catalog
	own     message.Catalogue
}

// NewVoice returns the voice of a catalogue of checks.
func NewVoice(lang message.Lang, cat *catalog.Catalog) Voice {
	return Voice{Lang: lang, catalog: cat, own: findings.Messages()}
}

// Say is the sentence of a reason.
func (v Voice) Say(r checks.Reason) string {
	if _, ok := v.own[r.Code]; ok {
		return v.own.Say(v.Lang, r.Code, r.Args)
	}
	return v.catalog.Say(v.Lang, r)
}

// Do is what to do about a reason; empty when there is nothing to do.
func (v Voice) Do(r checks.Reason) string {
	if _, ok := v.own[r.Code]; ok {
		return v.own.Do(v.Lang, r.Code, r.Args)
	}
	return v.catalog.Do(v.Lang, r)
}

// Label is the word for a status, machine state, severity, phase or kind.
func Label(lang message.Lang, code string) string {
	return labels().Say(lang, code, nil)
}

// Subject names whom an event concerns: what is the collector's own has a label.
func Subject(lang message.Lang, name string) string { return subject(lang, name) }

func subject(lang message.Lang, name string) string {
	switch name {
	case "source", "packs", "known-machines", "machines", "access/users":
		return Label(lang, name)
	default:
		return name
	}
}

// labels names the codes that tables and pages show.
func labels() message.Catalogue {
	say := func(es, en string) message.Entry { return message.Entry{Say: message.Text{ES: es, EN: en}} }
	return message.Catalogue{
		"pass": say("cumple", "pass"), "warn": say("mejorable", "warn"), "fail": say("no cumple", "fail"),
		"unknown": say("sin dato", "unknown"), "not_applicable": say("no aplica", "not applicable"),
		"critical": say("crítica", "critical"), "high": say("alta", "high"), "medium": say("media", "medium"), "low": say("baja", "low"),
		"measured": say("medido", "measured"), "partly": say("medido en parte", "partly measured"), "silent": say("en silencio", "silent"),
		"never": say("sin ningún informe", "never reported"), "excluded": say("excluido", "excluded"),
		"agentless": say("conocido, sin agente", "known, without agent"), "departed": say("dado de baja", "departed"),
		"new": say("nuevo", "new"), "persistent": say("persiste", "persists"), "resolved": say("resuelto", "resolved"), "reappeared": say("reaparece", "reappeared"),
		"automatic": say("automática", "automatic"), "semi": say("con decisión", "with a decision"), "manual": say("manual", "manual"),
		"gap": say("faltan informes", "reports missing"), "alarm": say("alarma", "alarm"), "revocation": say("equipo revocado", "machine revoked"),
		"retirement": say("equipo retirado", "machine retired"), "restore": say("restauración de una copia", "restored from a backup"),
		"register": say("cambio de registro", "register changed"), "policy": say("cambio de política", "policy changed"),
		"source": say("reglas de la organización", "the organisation's rules"), "known-machines": say("relación de equipos", "list of machines"),
		"access/users": say("cuentas del portal", "accounts of the portal"),
		"packs":        say("paquete de reglas", "pack of rules"),
		"machines":     say("equipos inscritos", "enrolled machines"),
		"prune":        say("borrado por plazo", "erased by retention"), "key": say("cambio de clave", "key changed"),
	}
}
