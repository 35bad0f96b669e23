// Package systems is the inventory of systems of treatment (SIS): what personal data the
// organisation keeps, where, for what, and at which level of security.
//
// The level is worked out from the data that a system holds, by the rules of the packs in
// force, and from the data that were measured where it stands. It rises by itself. It is
// lowered by a person only, who says so with a reason, and only for the data that the row
// names: what is measured beyond them raises it again.
package systems

import (
	"slices"

	"vigia/checks/message"
	"vigia/checks/policy"
	"vigia/collector/registers"
)

// Name is the book's.
const Name = "systems"

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// Book says what the rows hold.
func Book() *registers.Book {
	return &registers.Book{
		Name: Name, Prefix: "SIS", Theme: registers.ThemeData,
		Title: say("Sistemas de tratamiento", "Systems of treatment"),
		Lead: say("El inventario de datos personales: un renglón por sistema, fichero o archivo. De los datos que guarda sale su nivel de seguridad.",
			"The inventory of personal data: one row for each system, file or archive. Its level of security follows from the data that it holds."),
		Fields: []registers.Field{
			{Name: "name", Kind: registers.Line, Required: true, Label: say("Sistema", "System"), Hint: say("Por ejemplo: Padrón de contribuyentes.", "For example: Roll of taxpayers.")},
			{Name: "department", Kind: registers.Line, Wanted: true, Label: say("Área responsable", "Responsible department")},
			{Name: "responsible", Kind: registers.Line, Wanted: true, Personal: true, Label: say("Responsable del sistema", "Responsible for the system"), Hint: say("Nombre y cargo.", "Name and post.")},
			{Name: "administrator", Kind: registers.Line, Personal: true, Label: say("Administrador del sistema", "Administrator")},
			{Name: "processor", Kind: registers.Line, Label: say("Encargado", "Processor"), Hint: say("La empresa que lo trata por cuenta del ayuntamiento, si la hay.", "The company that treats the data for the organisation, if any.")},
			{Name: "purpose", Kind: registers.Prose, Wanted: true, Label: say("Finalidad y uso", "Purpose and use")},
			{Name: "basis", Kind: registers.Line, Label: say("Fundamento legal", "Legal basis"), Hint: say("La norma que permite tratarlos.", "The law that allows it.")},
			{Name: "persons", Kind: registers.Line, Label: say("De quién son los datos", "Whose the data are"), Hint: say("Contribuyentes, personal, beneficiarios…", "Taxpayers, staff, beneficiaries…")},
			{Name: "obtained", Kind: registers.Line, Label: say("Cómo se obtienen", "How they are obtained"), Hint: say("En ventanilla, por formulario, de otra administración…", "At the counter, by form, from another office…")},
			{Name: "data", Kind: registers.Choices, Required: true, Label: say("Datos que guarda", "Data held"), Options: Data(),
				Hint: say("Marque todos: de ellos sale el nivel.", "Tick all: the level follows from them.")},
			{Name: "data_other", Kind: registers.Line, Label: say("Otros datos", "Other data")},
			{Name: "format", Kind: registers.Choices, Required: true, Label: say("Formato", "Format"), Options: []registers.Option{
				{Code: "electronic", Label: say("Electrónico", "Electronic")},
				{Code: "physical", Label: say("Físico (papel)", "Physical (paper)")},
			}},
			{Name: "machines", Kind: registers.Lines, Label: say("Equipos donde está", "Machines that hold it"), Hint: say("Sus nombres, uno por renglón: srv-padron.", "Their names, one a line: srv-padron.")},
			{Name: "folders", Kind: registers.Lines, Label: say("Carpetas", "Folders"), Hint: say(`Enteras, una por renglón: D:\Padron o /srv/padron.`, `Whole, one a line: D:\Padron or /srv/padron.`)},
			{Name: "place", Kind: registers.Line, Label: say("Ubicación física", "Physical place"), Hint: say("Oficina, archivero o cuarto.", "Office, cabinet or room.")},
			{Name: "application", Kind: registers.Line, Label: say("Aplicación", "Application"), Hint: say("Con el nombre con que se entregan sus usuarios: tesorería, nómina…", "By the name under which its users are handed in: treasury, payroll…")},
			{Name: "officials", Kind: registers.Prose, Label: say("Servidores públicos con acceso", "Officials with access"), Hint: say("Los cargos; las personas van en «Usuarios autorizados».", "The posts; persons go into “Authorised users”.")},
			{Name: "retention", Kind: registers.Line, Label: say("Plazo de conservación", "Kept for")},
			{Name: "authorised", Kind: registers.Line, Label: say("Acuerdo de creación", "Act that created it"), Hint: say("Quién autorizó el sistema y cuándo.", "Who authorised the system, and when.")},
			{Name: "level", Kind: registers.Choice, Label: say("Nivel de seguridad", "Level of security"), Options: levels(),
				Hint: say("Déjelo vacío: Vigía lo calcula y lo sube solo. Solo una persona lo baja, con motivo.", "Leave it empty: Vigía works it out and raises it by itself. Only a person lowers it, with a reason.")},
			{Name: "lowered_by", Kind: registers.Line, Personal: true, Label: say("Quién aprueba un nivel más bajo", "Who approves a lower level"), Hint: say("El responsable del tratamiento.", "The head of the organisation.")},
			{Name: "lowered_why", Kind: registers.Prose, Label: say("Motivo del nivel más bajo", "Reason of the lower level")},
		},
		Key: []string{"name"}, Department: "department", Check: check, Words: words(),
	}
}

func levels() []registers.Option {
	return []registers.Option{
		{Code: string(policy.LevelBasic), Label: say("Básico", "Basic")},
		{Code: string(policy.LevelMedium), Label: say("Medio", "Medium")},
		{Code: string(policy.LevelHigh), Label: say("Alto", "High")},
	}
}

// LevelLabel is how people call a level.
func LevelLabel(l policy.Level) message.Text {
	for _, o := range levels() {
		if o.Code == string(l) {
			return o.Label
		}
	}
	return message.Text{ES: string(l), EN: string(l)}
}

// Data are the kinds of data that a system may hold, by the codes that the rules of packs
// and the search for personal data use.
func Data() []registers.Option {
	o := func(code, es, en string) registers.Option {
		return registers.Option{Code: code, Label: say(es, en)}
	}
	return []registers.Option{
		o("name", "Nombre", "Name"), o("address", "Domicilio particular", "Home address"),
		o("curp", "CURP", "CURP"), o("rfc", "RFC", "RFC"), o("national_id", "DNI, NIE o pasaporte", "National identity number or passport"),
		o("social_security", "Número de seguridad social", "Social security number"),
		o("birth", "Lugar y fecha de nacimiento", "Place and date of birth"), o("age", "Edad", "Age"), o("nationality", "Nacionalidad", "Nationality"),
		o("civil_status", "Estado civil", "Civil status"), o("family", "Estructura familiar", "Family"),
		o("phone", "Teléfono", "Telephone"), o("email", "Correo electrónico", "E-mail"),
		o("signature", "Firma", "Signature"), o("id_document", "Identificación oficial", "Official identification"), o("image", "Imagen o voz", "Image or voice"),
		o("employment", "Datos laborales o académicos", "Work or education"),
		o("economic", "Situación económica o patrimonial", "Economic situation or property"),
		o("bank", "Cuentas bancarias o tarjetas", "Bank accounts or cards"),
		o("tax", "Hacienda pública o constancia fiscal", "Taxes"),
		o("offences", "Infracciones administrativas o penales", "Administrative or penal offences"),
		o("profile", "Perfil de la personalidad", "Profile of the personality"), o("housing", "Vivienda", "Housing"),
		o("health", "Salud", "Health"), o("biometrics", "Biométricos", "Biometrics"), o("genetics", "Genéticos", "Genetics"),
		o("ethnicity", "Origen étnico", "Ethnic origin"), o("religion", "Religión o creencias", "Religion or belief"),
		o("ideology", "Ideología", "Ideology"), o("politics", "Afiliación política", "Political affiliation"), o("union", "Afiliación sindical", "Trade union"),
		o("orientation", "Vida u orientación sexual", "Sex life or orientation"),
		o("criminal", "Seguridad pública, policía o delitos", "Public security, police or crimes"),
	}
}

func words() message.Catalogue {
	return message.Catalogue{
		"systems.lowered": {Say: say("diga quién aprueba el nivel y por qué, las dos cosas", "say who approves the level and why, both")},
		"systems.which":   {Say: say("diga a qué nivel", "say to which level")},
		"systems.where":   {Say: say("diga en qué equipos, carpetas o aplicación está", "say on which machines, in which folders or in which application it is")},
	}
}

func check(v registers.Values) []registers.Problem {
	var out []registers.Problem
	by, why := v["lowered_by"] != "", v["lowered_why"] != ""
	if by != why {
		out = append(out, registers.Problem{Field: "lowered_why", Code: "systems.lowered"})
	}
	if by && why && v["level"] == "" {
		out = append(out, registers.Problem{Field: "level", Code: "systems.which"})
	}
	electronic := slices.Contains(v.List("format"), "electronic")
	if electronic && v["machines"] == "" && v["folders"] == "" && v["application"] == "" && v["processor"] == "" {
		out = append(out, registers.Problem{Field: "machines", Code: "systems.where"})
	}
	return out
}

// System is a row.
type System struct {
	Folio                      int64
	Name, Department           string
	Responsible, Administrator string
	Processor, Application     string
	Data                       []string
	Electronic, Physical       bool
	Machines, Folders          []string
	Level                      policy.Level // as written; empty: none
	LoweredBy, LoweredWhy      string
}

// Of reads a row.
func Of(row registers.Row) (System, error) {
	v := row.Values
	return System{Folio: row.Folio, Name: v["name"], Department: v["department"], Responsible: v["responsible"], Administrator: v["administrator"],
		Processor: v["processor"], Application: v["application"], Data: v.List("data"),
		Electronic: slices.Contains(v.List("format"), "electronic"), Physical: slices.Contains(v.List("format"), "physical"),
		Machines: v.List("machines"), Folders: v.List("folders"), Level: policy.Level(v["level"]),
		LoweredBy: v["lowered_by"], LoweredWhy: v["lowered_why"]}, nil
}

// Assessment is a system's level and where it comes from.
type Assessment struct {
	// Level is the one that holds.
	Level policy.Level
	// Asked is the one that the rules ask, by the data of Because; those of Measured are
	// not in the row.
	Asked    policy.Level
	Because  []string
	Measured []string
	// Lowered tells that a person decided for less than is asked.
	Lowered bool
	// Below tells that the row names a lower level than is asked, without a person who
	// may say so: the level that holds is then the asked one.
	Below bool
}

// Assess works out a system's level by the rules of packs, from the data of the row and
// those that were measured where it stands.
func (s System) Assess(rules []policy.LevelRule, measured []string) Assessment {
	var a Assessment
	for _, code := range measured {
		if !slices.Contains(s.Data, code) && !slices.Contains(a.Measured, code) {
			a.Measured = append(a.Measured, code)
		}
	}
	slices.Sort(a.Measured)
	a.Asked, a.Because = policy.LevelOf(rules, append(slices.Clone(s.Data), a.Measured...))
	beyond, _ := policy.LevelOf(rules, a.Measured) // what no lowering covers
	if len(a.Measured) == 0 {
		beyond = policy.LevelBasic
	}
	a.Level = a.Asked
	switch {
	case s.Level == "":
	case !s.Level.Below(a.Asked):
		a.Level = s.Level
	case s.LoweredBy != "" && s.LoweredWhy != "" && !s.Level.Below(beyond):
		a.Level, a.Lowered = s.Level, true
	default:
		a.Below = true
	}
	return a
}
