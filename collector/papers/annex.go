package papers

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// envelopeText says what each field of the wire contract is, message by message.
func envelopeText() map[string]map[string]string {
	return map[string]map[string]string{
		"EnrollRequest": {
			"token_secret": "el código de alta", "certificate_request": "la clave pública del equipo para la conexión",
			"report_key": "la clave pública con que firma", "report_key_proof": "su firma", "machine": "qué equipo es",
			"department": "el área que se escribió al instalar",
		},
		"RenewRequest": {"agent_id": "el número del equipo en Vigía", "certificate_request": "su clave nueva", "proof": "su firma"},
		"Machine": {
			"hostname": "el nombre del equipo", "os": "Linux o Windows", "os_name": "qué edición", "os_version": "qué versión", "arch": "qué procesador",
			"agent_version": "la versión del agente", "hardware_id": "una huella del aparato, que no dice nada más",
			"installation_id": "una huella de la instalación del sistema, que no dice nada más",
		},
		"DeliverRequest": {
			"items": "los informes firmados", "policy_epoch": "qué política obedece", "policy_version": "y su versión",
			"checkpoint_size": "hasta dónde conoce el registro", "recipient_mark": "una huella de la clave para la que cifra los ficheros",
		},
		"Item":         {"report": "un informe", "gap": "o la constancia de que faltan algunos"},
		"SignedReport": {"report": "el informe", "signature": "su firma"},
		"SignedGap":    {"gap": "la constancia", "signature": "su firma"},
		"FileRequest": {
			"id": "un número al azar", "created_at": "**la hora**", "agent_id": "el número del equipo en Vigía", "hostname": "el nombre del equipo",
			"answer_recipient": "la clave pública para cifrar la respuesta", "enroll": "el alta, con lo mismo que por la red",
			"deliver": "los informes, los mismos que por la red",
		},
		"Report": {
			"agent_id": "el número del equipo en Vigía", "sequence": "el número del informe", "previous_hash": "la huella del anterior",
			"created_at": "**la hora** en que se hizo", "policy_epoch": "qué política obedece", "policy_version": "y su versión", "machine": "qué equipo es",
			"full": "si es el informe completo del día", "results": "los resultados", "events": "lo que el agente cuenta de sí mismo", "health": "lo que gasta el agente",
		},
		"Result": {
			"entry": "qué control", "control": "qué control", "check": "qué medida", "status": "su estado", "reason": "el motivo",
			"findings": "cada cosa que no está como debe", "observed": "los hechos: las tablas de abajo", "observed_at": "**la hora** en que se midió",
			"took_ms": "cuánto tardó", "same_as": "si nada cambió, en qué informe está",
		},
		"Reason":  {"code": "un código", "args": "sus datos: los mismos hechos de las tablas de abajo, por ejemplo el nombre de una cuenta"},
		"Finding": {"key": "de qué parte se trata: una cuenta, un fichero, un disco…", "status": "su estado", "reason": "el motivo"},
		"Event":   {"code": "qué pasó con el agente: arrancó, perdió informes, rechazó una política", "args": "sus detalles, sin datos de personas", "at": "**la hora**"},
		"Health": {
			"started_at": "**la hora** en que arrancó el agente", "rss_bytes": "su memoria", "cpu_ms": "su procesador", "spool_bytes": "lo que espera envío",
			"spool_reports": "cuántos informes",
		},
		"Gap": {
			"agent_id": "el número del equipo", "first": "del informe", "last": "al informe", "hashes": "sus huellas", "reason": "por qué faltan",
			"created_at": "**la hora**",
		},
	}
}

// envelopeTitles are the messages in the order in which they are told.
func envelopeTitles() [][2]string {
	return [][2]string{
		{"EnrollRequest", "Al dar de alta el equipo, una vez"}, {"RenewRequest", "Al renovar su certificado"}, {"Machine", "Qué equipo es"},
		{"DeliverRequest", "En cada llamada"}, {"Report", "En cada informe"}, {"Result", "En cada resultado"}, {"Reason", "En cada motivo"},
		{"Finding", "En cada hallazgo"}, {"Event", "En cada suceso del agente"}, {"Health", "Lo que gasta el agente"}, {"Gap", "Si se perdieron informes"},
		{"Item", "Cada cosa que se entrega"}, {"SignedReport", "Cada informe, con su firma"}, {"SignedGap", "Cada constancia, con su firma"},
		{"FileRequest", "Sin red, en un fichero cifrado sobre una memoria"},
	}
}

// makeAnnex says field by field what leaves a machine. It fails on one that nobody described.
func makeAnnex(in Input) (string, error) {
	var b strings.Builder
	var errs []error
	b.WriteString("# Anexo. Qué se mide y qué sale de cada equipo\n\n" +
		"Esta lista no se escribe a mano: el programa la saca de sus propias medidas y de lo que puede viajar por la red. Si una\n" +
		"versión nueva pudiera enviar algo que aquí no está, una prueba automática impide publicarla.\n\n" +
		"Versión de Vigía: " + orBlank(in.Version, "[versión]") + ". Paquetes de reglas en vigor: " + strings.Join(in.Packs, ", ") + ".\n\n" +
		"## Clases de dato\n\n" + kindsTable() + "\n\n## Lo que no sale nunca\n\n" + neverList() + "\n\n" +
		"## Lo que sí conviene saber\n\n" + worthKnowing() + "\n\n## Los controles en vigor\n\n" + controlsTable(in) + "\n\n## Lo que viaja con cada informe\n\n" +
		"| Cuándo | Qué |\n|---|---|\n")
	envelope, says := Envelope(), envelopeText()
	for _, title := range envelopeTitles() {
		var parts []string
		for _, field := range envelope[title[0]] {
			text, ok := says[title[0]][field]
			if !ok {
				errs = append(errs, fmt.Errorf("%s.%s: %w", title[0], field, ErrUndescribed))
			}
			parts = append(parts, text)
		}
		fmt.Fprintf(&b, "| %s | %s |\n", title[1], strings.Join(parts, "; "))
	}
	b.WriteString("\n## Los hechos de cada medida\n\n" +
		"Por clase, los campos tal como viajan. Las cantidades y las respuestas de sí o no no se enumeran. Una medida que no está en los\n" +
		"paquetes en vigor no se hace; aquí figuran todas.\n")
	for _, c := range in.Catalog.All() {
		fields, err := Describe(c)
		if err != nil {
			errs = append(errs, err)
		}
		fmt.Fprintf(&b, "\n### %s\n\n", c.Info().ID)
		controls, by := measuredBy(in)
		var asks []string
		for _, control := range controls {
			if slices.Contains(by[control.ID], c.Info().ID) {
				asks = append(asks, control.ID+" ("+control.Title.ES+")")
			}
		}
		if len(asks) == 0 {
			asks = []string{"ningún paquete en vigor la pide: no se hace"}
		}
		b.WriteString("Para: " + strings.Join(asks, ", ") + ".\n\n| Clase | Campos |\n|---|---|\n")
		for _, k := range kinds() {
			var paths []string
			for _, f := range fields {
				if f.Kind == k.kind && k.kind != number {
					paths = append(paths, strings.TrimPrefix(f.Path, "."))
				}
			}
			if len(paths) > 0 {
				fmt.Fprintf(&b, "| %s | %s |\n", k.kind, strings.Join(slices.Compact(paths), ", "))
			}
		}
	}
	return b.String(), errors.Join(errs...)
}

// worthKnowing is what an employee would not expect and has a right to know.
func worthKnowing() string {
	return `- **El nombre de la cuenta sí sale.** Es un dato de la persona que la usa. También sale el nombre de la carpeta de su perfil y, en los hallazgos, el dueño de un fichero.
- **El nombre de un fichero con datos personales sí sale**, con los identificadores tapados. Un nombre propio escrito en el nombre del fichero no se reconoce siempre y puede salir.
- **La búsqueda de datos personales abre los documentos** de las carpetas que fije la política y los cuenta en el mismo equipo. También abre los temporales, las descargas, la papelera, la caché del navegador y los ficheros de correo guardados en el disco (EML, MSG, mbox). De todos dice solo dónde hay datos, cuántos y de qué tipo. No abre el buzón del servidor ni lee el historial de navegación.
- **Se ve si hay un programa de nube, mensajería o correo preparado en un perfil**: cuál, si la cuenta es personal o de la organización, y el dominio del correo (por ejemplo, el de un correo gratuito). Nunca la dirección ni los mensajes.
- **Se ve qué memorias y discos externos se conectaron**: marca, número de serie, primer y último día, y cuánto creció lo que llevan. No qué ficheros.
- **De los accesos fallidos** se ve la cuenta, el día, cuántos, y la dirección desde la que se intentó. Un nombre que no es una cuenta del equipo no se guarda, porque a menudo es una contraseña escrita donde no era.
- **Del uso de una cuenta** se ve la semana de la última entrada. De una cuenta de quien ya se fue, el momento de la última entrada.
- **Los informes llevan hora.** Se hace uno cada hora en que el equipo está encendido, así que dicen a qué horas lo estuvo. No dicen quién lo usaba. La organización se compromete a no usarlo para controlar la jornada.
- **La política lleva nombres**: las cuentas autorizadas, los permisos de carpetas y, si se declara, quién se fue y cuándo. La escribe la organización; el colector la guarda y cada equipo recibe la parte que le toca.
- Si un programa impide que la pantalla se bloquee, se ve cuál, en qué cuenta y desde qué hora.`
}

func orBlank(s, blank string) string {
	if s == "" {
		return blank
	}
	return s
}
