package corpustest

import "strings"

// A kind is one type of identifier and the ways to write one of an identity's.
type kind struct {
	typ    Type
	words  []string // that announce it
	column string   // as the head of a column
	plain  func(Identity) string
	// loose writes the value with separators or in lower case; near a number that is
	// none, although it stands where one is expected. Nil where the type has no such.
	loose func(*random, string) string
	near  func(*random, string) string
	// alone says that the value is found without any word beside it, context that it is
	// found with a word only.
	alone, context bool
}

// kinds lists every type with a value that can be told right from wrong.
func kinds() []kind {
	lower := func(_ *random, v string) string { return strings.ToLower(v) }
	last := func(r *random, v string) string { return digitChanged(r, v, -1) }
	month := func(at int) func(*random, string) string { // the date at an index gets a month that there is not
		return func(r *random, v string) string { return v[:at+2] + pick(r, []string{"13", "00", "19"}) + v[at+4:] }
	}
	cut := func(sep string, widths ...int) func(*random, string) string {
		return func(_ *random, v string) string { return groups(v, sep, widths...) }
	}
	one := func(ways ...func(*random, string) string) func(*random, string) string {
		return func(r *random, v string) string { return pick(r, ways)(r, v) }
	}
	return []kind{
		{typ: CURP, words: []string{"CURP", "Clave Única de Registro de Población", "clave CURP"}, column: "CURP",
			plain: func(id Identity) string { return id.CURP }, loose: lower, alone: true,
			near: one(last, month(4), func(r *random, v string) string {
				v = v[:11] + pick(r, []string{"ZZ", "AB", "QQ"}) + v[13:17]
				return v + curpDigit(v)
			}, func(r *random, v string) string {
				v = v[:10] + r.from("ABCZ", 1) + v[11:17]
				return v + curpDigit(v)
			})},
		{typ: RFC, words: []string{"RFC", "Registro Federal de Contribuyentes", "R.F.C."}, column: "RFC",
			plain: func(id Identity) string { return id.RFC }, loose: one(lower, cut("-", 4, 6, 3), cut(" ", 4, 6, 3)), near: month(4)},
		{typ: RFC, words: []string{"RFC", "RFC de la empresa"}, column: "RFC",
			plain: func(id Identity) string { return id.Company }, loose: one(lower, cut("-", 3, 6, 3)), near: month(3)},
		{typ: NSS, words: []string{"NSS", "número de seguridad social", "número de afiliación al IMSS"}, column: "NSS",
			plain: func(id Identity) string { return id.NSS }, loose: cut("-", 2, 2, 2, 4, 1), near: last, context: true},
		{typ: CLABE, words: []string{"CLABE", "cuenta CLABE", "CLABE interbancaria"}, column: "CLABE",
			plain: func(id Identity) string { return id.CLABE }, loose: cut(" ", 3, 3, 11, 1),
			near: one(last, func(r *random, v string) string {
				v = pick(r, []string{"000", "777", "999", "555"}) + v[3:17]
				return v + clabeDigit(v)
			})},
		{typ: INE, words: []string{"clave de elector", "credencial para votar con clave"}, column: "clave_elector",
			plain: func(id Identity) string { return id.Elector }, loose: lower, alone: true,
			near: one(month(6), func(r *random, v string) string { return v[:12] + pick(r, []string{"00", "45", "61"}) + v[14:] })},
		{typ: INE, words: []string{"CIC", "CIC de la credencial para votar"}, column: "CIC", plain: func(id Identity) string { return id.CIC }, context: true},
		{typ: INE, words: []string{"OCR", "OCR de la credencial para votar"}, column: "OCR", plain: func(id Identity) string { return id.OCR }, context: true},
		{typ: PassportMX, words: []string{"pasaporte", "pasaporte mexicano número"}, column: "pasaporte", plain: func(id Identity) string { return id.Passport }, context: true},
		{typ: PhoneMX, words: []string{"teléfono", "tel.", "celular"}, column: "celular", plain: func(id Identity) string { return id.Phone }, context: true,
			loose: one(func(_ *random, v string) string { return "+52 " + groupedPhone(v) }, func(_ *random, v string) string { return groupedPhone(v) })},
		{typ: Card, words: []string{"tarjeta", "tarjeta de crédito", "tarjeta bancaria número"}, column: "tarjeta", plain: func(id Identity) string { return id.Card }, context: true,
			loose: func(r *random, v string) string {
				if len(v) == 15 {
					return groups(v, " ", 4, 6, 5)
				}
				return groups(v, pick(r, []string{" ", "-"}), 4, 4, 4, 4)
			},
			near: one(last, func(_ *random, v string) string {
				v = "1" + v[1:len(v)-1]
				return v + luhn(v)
			})},
		{typ: PlateMX, words: []string{"placas", "placa"}, column: "placas", plain: func(id Identity) string { return id.Plate }, context: true},
		{typ: ISSEMYM, words: []string{"ISSEMYM", "clave ISSEMYM"}, column: "clave_issemym", plain: func(id Identity) string { return id.ISSEMYM }, context: true},

		{typ: DNI, words: []string{"DNI", "NIF", "documento nacional de identidad", "D.N.I."}, column: "DNI",
			plain: func(id Identity) string { return id.DNI },
			loose: one(lower, cut("-", 8, 1), func(_ *random, v string) string { return groups(v[:8], ".", 2, 3, 3) + "-" + v[8:] }),
			near: func(r *random, v string) string {
				return v[:8] + string("TRWAGMYFPDXBNJZSQVHLCKE"[(strings.IndexByte("TRWAGMYFPDXBNJZSQVHLCKE", v[8])+r.between(1, 22))%23])
			}},
		{typ: NIE, words: []string{"NIE", "número de identidad de extranjero"}, column: "NIE", plain: func(id Identity) string { return id.NIE },
			loose: one(lower, cut("-", 1, 7, 1)), near: func(r *random, v string) string {
				return v[:8] + string("TRWAGMYFPDXBNJZSQVHLCKE"[(strings.IndexByte("TRWAGMYFPDXBNJZSQVHLCKE", v[8])+r.between(1, 22))%23])
			}},
		{typ: DNI, words: []string{"NIF"}, column: "NIF", plain: func(id Identity) string { return id.NIF }, loose: lower},
		{typ: CIF, words: []string{"CIF", "NIF de la empresa"}, column: "CIF", plain: func(id Identity) string { return id.CIF },
			loose: lower, near: func(r *random, v string) string {
				c := (cifControl(v[1:8]) + r.between(1, 9)) % 10
				if v[8] >= 'A' {
					return v[:8] + string("JABCDEFGHI"[c])
				}
				return v[:8] + string("0123456789"[c])
			}},
		{typ: NUSS, words: []string{"número de afiliación a la Seguridad Social", "NUSS", "NAF"}, column: "NUSS",
			plain: func(id Identity) string { return id.NUSS }, loose: one(cut("/", 2, 8, 2), cut(" ", 2, 8, 2)), near: last},
		{typ: IBAN, words: []string{"IBAN", "cuenta IBAN"}, column: "IBAN", plain: func(id Identity) string { return id.IBAN }, alone: true,
			loose: one(cut(" ", 4, 4, 4, 4, 4, 4), lower), near: last},
		{typ: CCC, words: []string{"código cuenta cliente", "CCC", "cuenta bancaria"}, column: "CCC", plain: func(id Identity) string { return id.CCC }, context: true,
			loose: one(cut(" ", 4, 4, 2, 10), cut("-", 4, 4, 2, 10)),
			near: func(r *random, v string) string {
				for {
					if w := digitChanged(r, v, -1); accountDigit(w[10:]) != w[9:10] { // two remainders have one digit
						return w
					}
				}
			}},
		{typ: PassportES, words: []string{"pasaporte", "pasaporte español"}, column: "pasaporte", plain: func(id Identity) string { return id.PassportES }, context: true},
		{typ: PhoneES, words: []string{"teléfono", "móvil", "tel."}, column: "telefono", plain: func(id Identity) string { return id.PhoneES }, context: true,
			loose: one(cut(" ", 3, 3, 3), cut(" ", 3, 2, 2, 2), func(_ *random, v string) string { return "+34 " + groups(v, " ", 3, 3, 3) })},
		{typ: PlateES, words: []string{"matrícula", "vehículo con matrícula"}, column: "matricula", plain: func(id Identity) string { return id.PlateES }, context: true,
			loose: one(cut(" ", 4, 3), cut("-", 4, 3))},
		{typ: Email, words: []string{"correo electrónico", "correo"}, column: "correo", plain: func(id Identity) string { return id.Email }, alone: true,
			loose: func(_ *random, v string) string { return strings.ToUpper(v) },
			near:  func(_ *random, v string) string { name, _, _ := strings.Cut(v, "@"); return name + "@servidor" }},
	}
}

// groups parts a value into groups of the given widths.
func groups(v, sep string, widths ...int) string {
	var parts []string
	for _, w := range widths {
		w = min(w, len(v))
		parts, v = append(parts, v[:w]), v[w:]
	}
	return strings.Join(parts, sep) + v
}

// groupedPhone parts a Mexican number the way people say it.
func groupedPhone(v string) string {
	switch v[:2] {
	case "55", "56", "33", "81":
		return groups(v, " ", 2, 4, 4)
	}
	return groups(v, " ", 3, 3, 4)
}
