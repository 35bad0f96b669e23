package settings

import "strings"

// In says the error in a language: "es", else English.
func (e *Error) In(lang string) string {
	if lang != "es" {
		return e.Error()
	}
	s := *e
	if s.File == environment {
		s.File = "variable de entorno"
	}
	s.Problem = spanish(e.Problem)
	return s.Error()
}

// spanish puts the words of this package and of those who check values for it into Spanish. Names and values, which are quoted or come last, stay.
func spanish(problem string) string {
	return strings.NewReplacer(
		"is not a known setting", "no es una opción conocida",
		"; did you mean ", "; ¿quería decir ",
		"expects keys and values", "espera claves con valores",
		"expects a single value", "espera un solo valor",
		"expects a list, such as [a, b]", "espera una lista, como [a, b]",
		"stands already on line ", "ya está en la línea ",
		"is not a regular file", "no es un archivo normal",
		"is larger than ", "ocupa más de ",
		"is not one of ", "no es ninguno de: ",
		"is under the least of ", "es menos que el mínimo, ",
		"is missing", "falta",
		"is none: ", "no sirve: ",
		"no time zone ", "no hay ninguna zona horaria ",
		": use a name such as ", ": use un nombre como ",
		" or Europe/Madrid", " o Europe/Madrid",
		"does not exist", "no existe",
		"may not be read", "no hay permiso para leerlo",
		"cannot parse value as ", "no se entiende; se espera ",
		"'int'", "un número entero", "'bool'", "true o false",
	).Replace(problem)
}
