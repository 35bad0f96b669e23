package report

import (
	"vigia/checks/message"
)

// Problem is what a step of a verification found, in words for people.
type Problem struct {
	Code string
	Args map[string]string
	Err  error // the detail, or nil
}

// problem makes a Problem with arguments given as names and values.
func problem(err error, code string, args ...string) *Problem {
	p := &Problem{Code: code, Err: err, Args: map[string]string{}}
	for i := 0; i+1 < len(args); i += 2 {
		p.Args[args[i]] = printable(args[i+1]) // it comes out of a hostile file, and goes to a terminal
	}
	return p
}

func (p *Problem) Error() string { return p.say(message.English) }

// Unwrap gives the detail.
func (p *Problem) Unwrap() error { return p.Err }

func (p *Problem) say(lang message.Lang) string {
	text := problems().Say(lang, p.Code, p.Args)
	if p.Err != nil {
		text += ": " + Explain(lang, p.Err)
	}
	return text
}

// problems says what can be wrong with a package.
func problems() message.Catalogue {
	say := func(es, en string) message.Entry { return message.Entry{Say: message.Text{ES: es, EN: en}} }
	return message.Catalogue{
		"file":             say("{file}", "{file}"),
		"file.missing":     say("falta {file}", "{file} is missing"),
		"file.twice":       say("{file} figura dos veces", "{file} is listed twice"),
		"file.altered":     say("{file} fue modificado", "{file} was altered"),
		"file.extra":       say("{file} no está en la lista del paquete", "{file} is in no list of the package"),
		"file.sums":        say("{file} no concuerda con los archivos", "{file} does not agree with the files"),
		"file.json":        say("no es JSON (byte {byte})", "it is not JSON (byte {byte})"),
		"file.form":        say("no tiene la forma de una revisión", "it does not have the form of a review"),
		"file.version":     say("el formato «{format}» es de otra versión; use un programa más nuevo", "format “{format}” is of another version; use a newer program"),
		"file.review":      say("{file} es de otra revisión", "{file} is of another review"),
		"file.says":        say("{file} no dice lo que dice {other}", "{file} does not say what {other} says"),
		"signature":        say("la firma de {file} no es válida", "the signature of {file} is not valid"),
		"log.other":        say("la revisión nombra otro estado del registro que {file}", "the review names another state of the log than {file}"),
		"log.root":         say("las entradas no dan el resumen que se firmó: alguna fue sustituida", "the entries do not give the root that was signed: one of them was replaced"),
		"log.warned":       say("al hacer el paquete: {what}", "when the package was made: {what}"),
		"log.entry":        say("falta la entrada {index} en {file}", "entry {index} is missing in {file}"),
		"log.size":         say("{file} tiene {have} entradas y el registro {want}", "{file} has {have} entries, the log {want}"),
		"log.genesis":      say("falta en el paquete la primera entrada del registro", "the first entry of the log is not in the package"),
		"log.key":          say("el registro lo empezó otra clave que la que firmó el paquete", "the log was begun by another key than the one that signed the package"),
		"entry":            say("entrada {index}", "entry {index}"),
		"entry.order":      say("la entrada {index} no está en su sitio", "entry {index} is out of order"),
		"entry.proof":      say("la demostración de la entrada {index} está dañada", "the proof of entry {index} is damaged"),
		"entry.enrolment":  say("la entrada {index} no es un alta", "entry {index} is no enrolment"),
		"entry.again":      say("la entrada {index} da de alta un equipo por segunda vez", "entry {index} enrols a machine a second time"),
		"report.none":      say("no contiene un informe", "it holds no report"),
		"report.enrolment": say("falta el alta de su equipo", "the enrolment of its machine is not in the package"),
		"report.signature": say("la firma del informe no es de su equipo", "the report's signature is not of its machine"),
		"report.other":     say("el informe es de otro equipo o número", "the report is of another machine or number"),
		"state":            say("{entry} de {machine}", "{entry} of {machine}"),
		"state.report":     say("su informe no está en el paquete", "its report is not in the package"),
		"state.judged":     say("el paquete dice {says} ({code}) y los hechos dan {gives} ({because})", "the package says {says} ({code}), the facts give {gives} ({because})"),
		"state.policy":     say("su política no está en el paquete", "its policy is not in the package"),
		"state.unreadable": say("su política no se puede leer", "its policy cannot be read"),
		"state.asked":      say("su política pide otra cosa", "its policy asks for something else"),
		"state.facts":      say("sus hechos no están en el informe que nombra", "its facts are not in the report that it names"),
		"totals.control":   say("los totales de {control} no son los de sus estados", "the totals of {control} are not those of its states"),
		"totals.missing":   say("hay estados de controles sin totales", "there are states of controls without totals"),
		"totals.coverage":  say("los totales de la cobertura no son los de sus equipos", "the totals of the coverage are not those of its machines"),
		"act.none":         say("{file} es de un acta que el paquete no nombra", "{file} is of an act that the package does not name"),
		"act.step":         say("falta un paso del acta antes de la entrada {index}", "a step of the act is missing before entry {index}"),
		"act.chain":        say("los pasos del acta no encajan: falta alguno, cambió, o se firmó otra cosa", "the steps of the act do not hang together: one is missing, changed, or something else was signed"),
		"act.numbers":      say("los números no son los que el acta congeló", "the numbers are not those that the act froze"),
		"act.scan":         say("el escaneo que nombra el acta no está en el registro", "the scan that the act names is not in the log"),
		"kept.key":         say("el punto de control guardado no es de la clave de este registro", "the kept checkpoint is not of this log's key"),
		"kept.newer":       say("el punto de control guardado tiene {kept} entradas y el paquete solo {have}: se hizo antes, o cortaron el registro", "the kept checkpoint has {kept} entries and the package only {have}: it was made before, or the log was cut"),
		"kept.rewritten":   say("las primeras {kept} entradas no son las del punto de control guardado: se reescribió la historia", "the first {kept} entries are not those of the kept checkpoint: history was rewritten"),
	}
}
