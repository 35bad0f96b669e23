package corpustest

import (
	"fmt"
	"strings"
)

// Sentences of offices, put together from parts that all go with one another.
func subjects() []string {
	return strings.Split("El ayuntamiento|La dirección de obras públicas|La tesorería municipal|El comité de transparencia|La secretaría del cabildo|El área de recursos humanos|La sindicatura|El órgano interno de control|La oficialía de partes|El departamento de catastro|La unidad de protección civil|El consejo consultivo|La comisión de hacienda|El patronato de cultura|La jefatura de servicios|El registro civil", "|")
}

func verbs() []string {
	return strings.Split("acordó|informó que revisará|dejó constancia de|aprobó por mayoría|remitió a la contraloría|publicó en los estrados|recibió con observaciones|archivó|dio seguimiento a|devolvió sin cambios|solicitó nuevamente|turnó a la mesa de trabajo|puso a disposición del público|mandó imprimir|sometió a votación", "|")
}

func objects() []string {
	return strings.Split("el programa anual de adquisiciones|la rehabilitación del mercado|el informe de los trabajos de limpieza|las bases de la convocatoria|el calendario de sesiones|la ampliación de la red de agua|el reglamento de comercio ambulante|los planos del jardín principal|la relación de bienes muebles|el dictamen de uso de suelo|las actas de la sesión anterior|el manual de procedimientos|la propuesta de alumbrado|los avances del plan de desarrollo|el contrato de mantenimiento|la lista de materiales", "|")
}

func endings() []string {
	return strings.Split("con cargo al presupuesto vigente|en términos de la ley aplicable|sin que hubiera objeción alguna|para los efectos a que haya lugar|conforme a lo expuesto en la reunión|por así convenir al interés público|antes de que concluya el ejercicio|después de una larga deliberación|a propuesta de los vecinos del barrio|según consta en el expediente|en la sala de juntas del palacio municipal|mientras se resuelve lo conducente|como se había previsto desde el principio|y ordenó notificar a las partes", "|")
}

// sentence writes a sentence in which nobody is named; one in six holds a number.
func (m *Maker) sentence() {
	r := m.r
	m.print(pick(r, subjects()), " ", pick(r, verbs()), " ", pick(r, objects()), " ", pick(r, endings()))
	if r.below(3) == 0 {
		m.print(", y ", pick(r, verbs()), " ", pick(r, objects()))
	}
	switch r.below(36) {
	case 0:
		m.print(", según el artículo ", fmt.Sprint(r.between(1, 280)))
	case 1:
		m.print(fmt.Sprintf(", el %d de %s de %d", r.between(1, 28), pick(r, months()), r.between(1990, 2026)))
	case 2:
		m.print(fmt.Sprintf(", por un importe de $%d,%03d.%02d", r.between(1, 900), r.below(1000), r.below(100)))
	case 3:
		m.print(fmt.Sprintf(", a las %d:%02d horas", r.between(8, 20), r.below(60)))
	case 4:
		m.print(fmt.Sprintf(", con un avance del %d.%d %%", r.below(100), r.below(10)))
	case 5:
		m.print(fmt.Sprintf(", oficio %d/%d", r.between(1, 999), r.between(2015, 2026)))
	}
	m.print(". ")
	if r.below(6) == 0 {
		m.print("\n\n")
	}
}

func months() []string {
	return strings.Split("enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre", "|")
}

// filler writes sentences, at least n bytes of them.
func (m *Maker) filler(n int) {
	for end := m.b.Len() + n; m.b.Len() < end; {
		m.sentence()
	}
}

// said writes a sentence with one value in it.
func (m *Maker) said(k kind, c Class) {
	r := m.r
	id := m.people.Next()
	v := k.value(r, id, c)
	if k.context && c == OK {
		c = Ctx
	}
	if c == Alone {
		open, shut := pick(r, []string{"Se anexa ", "Consta en autos ", "Véase ", "Queda asentado "}), pick(r, []string{" en el expediente", "", " para su cotejo"})
		m.print(open)
		m.put(k.typ, c, v)
		m.print(shut, ".\n")
		return
	}
	word := pick(r, k.words)
	between := pick(r, []string{" ", ": ", " ", " "})
	who := pick(r, []string{"La persona solicitante, con ", "Quien suscribe, identificándose con ", "El trabajador presentó ", "Se registró ", "Comparece la parte interesada, cuyo dato de ", "En la ficha figura "})
	m.print(who, word, between)
	m.put(k.typ, c, v)
	m.print(pick(r, []string{", y pide que se le atienda. ", ".\n", ", como consta en el anexo. ", "; firma al calce.\n", " (cotejado).\n"}))
}

// Prose makes a letter of about size bytes with one value of a class in every 1.5 to
// 7.5 KB, one at least.
func (m *Maker) Prose(name string, size int, c Class) File {
	m.filler(m.r.between(40, 400))
	for {
		m.said(m.next(c), c)
		m.filler(min(m.r.between(1500, 7500), max(size-m.b.Len(), 60)))
		if m.b.Len() >= size {
			return m.done(name)
		}
	}
}

// Dense makes a text with n values of a class, each in a sentence between two others.
func (m *Maker) Dense(name string, n int, c Class) File {
	for range n {
		m.sentence()
		m.said(m.next(c), c)
		m.sentence()
	}
	return m.done(name)
}

// Letters makes prose in which there is nobody.
func (m *Maker) Letters(name string, size int) File {
	m.filler(size)
	return m.done(name)
}

// Card makes the record of one person: every value with its label on a line of its own.
func (m *Maker) Card(name string) File {
	id := m.people.Next()
	m.soft = []Type{Name, Address, Birth}
	m.print("Ficha de la persona\n\nNombre: ", id.Name(), "\nFecha de nacimiento: ", id.Born.Format("02/01/2006"), "\n")
	m.print("Domicilio: ", pick(m.r, []string{id.Address, id.AddressES}), "\n")
	for _, k := range m.kinds {
		c := OK
		if k.context {
			c = Ctx
		}
		m.print(k.words[0], ": ")
		m.put(k.typ, c, k.plain(id))
		m.print("\n")
	}
	return m.done(name)
}

// Zones makes a text with the machine-readable zones of identity cards and passports.
func (m *Maker) Zones(name string) File {
	id := m.people.Next()
	m.filler(200)
	for _, zone := range []string{id.INEZone, id.PassportZone, id.PassportZoneES} {
		m.print("\n\n")
		m.put(MRZ, OK, zone)
		m.print("\n\n")
		m.filler(600)
	}
	return m.done(name)
}
