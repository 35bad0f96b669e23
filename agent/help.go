package agent

import "vigia/checks/message"

// helpMessages is what --help says. Technicians read it.
func helpMessages() message.Catalogue {
	return message.Catalogue{
		"help.usage":      says("Uso:", "Usage:"),
		"help.commands":   says("Órdenes:", "Commands:"),
		"help.flags":      says("Opciones:", "Options:"),
		"help.completion": says("autocompletado para su intérprete de órdenes", "completion for your shell"),
		"help.exit": says(
			"Códigos de salida: 0 bien; 1 la respuesta es no (algo no cumple); 2 error; 3 algo no se pudo saber y nada falla.",
			"Exit codes: 0 fine; 1 the answer is no (something fails); 2 error; 3 something could not be known and nothing fails."),

		"help.root": says("mide este equipo y entrega lo medido al colector", "measures this machine and delivers it to the collector"),
		"help.root.long": says(
			`vigia-agent comprueba si la configuración de este equipo cumple lo que pide la ley de
protección de datos y entrega el resultado, firmado, al colector de la organización.
Solo lee: no cambia ni borra nada, no abre ningún puerto y no ejecuta otros programas.

Para mirar este equipo ahora, sin inscribirlo:   vigia-agent check
Para que informe al colector:                    vigia-agent enroll ... y vigia-agent run`,
			`vigia-agent checks whether this machine's settings meet what data protection law asks
for, and delivers the result, signed, to the organisation's collector.
It only reads: it changes and deletes nothing, opens no port and runs no other program.

To look at this machine now, without enrolling:  vigia-agent check
To have it report to the collector:              vigia-agent enroll ... and vigia-agent run`),

		"help.check": says("comprueba este equipo ahora", "checks this machine now"),
		"help.check.long": says(
			`Comprueba este equipo ahora y muestra cada control con su estado, el motivo y qué hacer.
No envía nada. Sin ID se comprueban todos los controles; un ID puede ser un control
(AC-LOCK-15) o una comprobación (session.screenlock).

Un equipo inscrito usa su propia política; los demás, las reglas incluidas. Como
administrador se ve todo; sin serlo, lo que no se puede leer aparece como «no se sabe».

  vigia-agent check
  vigia-agent check AC-LOCK-15 AC-PWD-LEN
  vigia-agent check --pack mx-general --format json
  vigia-agent check --root /mnt/otro-equipo`,
			`Checks this machine now and shows each control with its state, the reason and what to do.
Nothing is sent. Without an ID all controls are checked; an ID may be a control
(AC-LOCK-15) or a check (session.screenlock).

An enrolled machine uses its own policy; others use the embedded rules. As administrator
you see everything; otherwise what cannot be read shows as "not known".

  vigia-agent check
  vigia-agent check AC-LOCK-15 AC-PWD-LEN
  vigia-agent check --pack mx-general --format json
  vigia-agent check --root /mnt/other-machine`),

		"help.enroll": says("inscribe este equipo en un colector", "enrols this machine with a collector"),
		"help.enroll.long": says(
			`Inscribe este equipo en el colector, una sola vez. El token se crea allí con
«vigia token create», dice para qué equipo o equipos vale y lleva la huella del colector: si
responde otro, la inscripción se niega. Las claves se crean aquí y no salen del equipo.

Si el token pide la aprobación de una persona, la orden muestra un código de comprobación y
termina; el servicio pregunta de nuevo por sí mismo y empieza en cuanto lo aprueben.

El fichero de --token-file tiene un token y nada más, o es la tabla que escribe
«vigia token create --from», con las columnas host y token: se usa la fila de este equipo.

Si al colector se llega por un proxy HTTP, dígalo con --proxy http://proxy:3128 (se guarda
con las claves); sin decirlo valen HTTPS_PROXY y NO_PROXY, y la clave proxy de
vigia-agent.yaml manda sobre todos. Los proxies que piden NTLM o Kerberos no se admiten.

Lo que se escribe en la línea de órdenes lo pueden ver otros usuarios del equipo; para
evitarlo, ponga el token en un fichero o por la entrada estándar, y el proxy con contraseña
en la variable VIGIA_AGENT_PROXY:

  vigia-agent enroll --collector vigia.ayto.example:8443 --token vigia1-...
  vigia-agent enroll --collector vigia.ayto.example:8443 --token-file tokens.csv
  vigia-agent enroll --collector vigia.ayto.example:8443 --token-file - --department Padrón
  vigia-agent enroll --collector [2001:db8::5]:8443 --token-file token.txt --proxy direct`,
			`Enrols this machine with the collector, once. The token is created there with
"vigia token create", says which machines it is good for and carries the collector's
fingerprint: if anyone else answers, the enrolment is refused. The keys are made here and
never leave.

If the token wants the approval of a person, the command shows a check code and ends; the
service asks again by itself and begins as soon as it is approved.

The file of --token-file holds one token and nothing else, or is the table that
"vigia token create --from" writes, with the columns host and token: this machine's row is used.

If the collector is reached through an HTTP proxy, say so with --proxy http://proxy:3128 (it is
kept with the keys); otherwise HTTPS_PROXY and NO_PROXY count, and the key proxy of
vigia-agent.yaml goes over all of them. Proxies that want NTLM or Kerberos are not supported.

Other users of the machine can see what is typed on the command line; to avoid that, put
the token into a file or on standard input, and a proxy with a password into the variable
VIGIA_AGENT_PROXY:

  vigia-agent enroll --collector vigia.town.example:8443 --token vigia1-...
  vigia-agent enroll --collector vigia.town.example:8443 --token-file tokens.csv
  vigia-agent enroll --collector vigia.town.example:8443 --token-file - --department Registry
  vigia-agent enroll --collector [2001:db8::5]:8443 --token-file token.txt --proxy direct`),

		"help.run": says("mide y entrega hasta que se detiene", "measures and delivers until stopped"),
		"help.run.long": says(
			`Mide según la política, entrega al colector y repite hasta que se detiene (Ctrl-C). Es lo
que hace el servicio. Lo medido se guarda firmado en disco antes de enviarse: si el
colector no responde, espera; no se pierde nada.

La configuración es opcional: vigia-agent.yaml en la carpeta de datos, o el fichero de
--config. Cada clave puede darse como variable: log.level es VIGIA_AGENT_LOG_LEVEL.`,
			`Measures by the policy, delivers to the collector and repeats until stopped (Ctrl-C). It is
what the service does. What is measured is kept signed on disk before it is sent: if the
collector does not answer, it waits; nothing is lost.

The configuration is optional: vigia-agent.yaml in the data folder, or the file of
--config. Each key can be given as a variable: log.level is VIGIA_AGENT_LOG_LEVEL.`),

		"help.service": says("instala, quita, arranca o para el servicio de Windows", "installs, removes, starts or stops the Windows service"),
		"help.service.long": says(
			`Instala, quita, arranca o para el servicio de Windows, o dice cómo está. El instalador hace
lo mismo; esta orden es para un equipo sin él. Hace falta ser administrador.

En Linux el servicio es de systemd y viene con el paquete: systemctl status vigia-agent

  vigia-agent service install
  vigia-agent service status`,
			`Installs, removes, starts or stops the Windows service, or says how it is. The installer does
the same; this command is for a machine without it. Only an administrator may.

On Linux the service is systemd's and comes with the package: systemctl status vigia-agent

  vigia-agent service install
  vigia-agent service status`),

		"help.status": says("dice cómo está el agente", "says how the agent is"),
		"help.status.long": says(
			`Dice quién es este equipo para el colector, qué política obedece y si lo medido llega.
La respuesta es no (1) si no está inscrito, si no puede escribir informes o si el último
envío falló.`,
			`Says who this machine is to the collector, which policy it obeys and whether what it
measures arrives. The answer is no (1) if it is not enrolled, cannot write reports or its
last delivery failed.`),

		"help.scan": says("busca datos personales en ficheros", "looks for personal data in files"),
		"help.scan.long": says(
			`Busca datos personales de México y España en los ficheros y carpetas que se indican:
CURP, RFC, NSS, CLABE, INE, DNI, NIE, IBAN, tarjetas, correos, nombres, domicilios... y,
junto a una identidad, categorías especiales como la salud o la afiliación sindical.
Entra en documentos de Office y OpenDocument, PDF, correo, bases de datos y comprimidos.

Cuenta y clasifica: no muestra, copia ni envía ningún valor, y tapa los que haya en las
rutas. Los ficheros los abre un proceso aparte, sin red ni permisos. No cambia nada.
Lo que no se puede leer entero (escaneos, cifrados, dañados) se dice; nunca pasa por limpio.

Niveles: alto (identificación, nombre, domicilio, categorías especiales), medio (cuentas y
tarjetas), básico (lo demás). Lo que no ha cambiado desde la última vez no se lee de nuevo.
Ctrl-C termina y muestra lo que dio tiempo a mirar.

Códigos de salida: 0 nada; 1 hay datos personales; 2 error; 3 nada, pero no todo se leyó.

  vigia-agent scan /home/registro/documentos
  vigia-agent scan --no-cache D:\Compartido
  vigia-agent scan --format json . > resultado.jsonl`,
			`Looks for personal data of Mexico and Spain in the files and folders given: CURP, RFC,
NSS, CLABE, INE, DNI, NIE, IBAN, cards, e-mail, names, addresses... and, beside an
identity, special categories such as health or union membership. It looks into documents
of Office and OpenDocument, PDF, mail, databases and archives.

It counts and classifies: no value is shown, copied or sent, and those in paths are masked.
A process of its own, without network or rights, opens the files. Nothing is changed.
What cannot be read whole (scans, encrypted, damaged) is said; it never passes for clean.

Levels: high (identity, name, address, special categories), medium (accounts and cards),
basic (all else). What has not changed since the last time is not read again.
Ctrl-C ends it and shows what there was time to look at.

Exit codes: 0 nothing; 1 there is personal data; 2 error; 3 nothing, but not all was read.

  vigia-agent scan /home/registry/documents
  vigia-agent scan --no-cache D:\Shared
  vigia-agent scan --format json . > result.jsonl`),

		"help.record": says("graba este equipo para reproducir un caso", "records this machine to reproduce a case"),
		"help.record.long": says(
			`Ejecuta todas las comprobaciones y escribe en DIR lo que leyeron, para reproducir el caso
en otro equipo con «vigia-agent check --recording DIR». Los nombres de personas y equipos se
sustituyen; no se graba ningún documento. DIR no debe existir o debe estar vacía.`,
			`Runs every check and writes to DIR what they read, to reproduce the case elsewhere with
"vigia-agent check --recording DIR". Names of people and machines are replaced; no document
is recorded. DIR must not exist or be empty.`),

		"help.version":      says("muestra la versión", "shows the version"),
		"help.version.long": says("Muestra la versión del programa y de qué se construyó.", "Shows the program's version and what it was built from."),

		"flag.help":       says("muestra esta ayuda", "shows this help"),
		"flag.lang":       says("idioma: es o en", "language: es or en"),
		"flag.format":     says("text para leer, json para programas", "text to read, json for programs"),
		"flag.data":       says("carpeta de datos `DIR`", "data folder `DIR`"),
		"flag.pack":       says("reglas `NAME` en lugar de las propias; puede repetirse", "rules `NAME` instead of the own; may be repeated"),
		"flag.root":       says("mira el equipo Linux montado o copiado en `DIR`", "looks at the Linux machine mounted or copied at `DIR`"),
		"flag.recording":  says("mira el equipo grabado en `DIR`", "looks at the machine recorded in `DIR`"),
		"flag.policy":     says("reglas del fichero `FILE` (como vigia policy import)", "rules of `FILE` (as vigia policy import)"),
		"flag.collector":  says("dirección del colector `HOST:PORT`", "address of the collector `HOST:PORT`"),
		"flag.token":      says("el `TOKEN` que creó el colector", "the `TOKEN` that the collector created"),
		"flag.later":      says("no ahora: lo hace el servicio en cuanto alcance al colector", "not now: the service does it as soon as it reaches the collector"),
		"flag.token_file": says("fichero `FILE` con el token, o CSV con columnas host y token; - es la entrada estándar", "`FILE` with the token, or CSV with columns host and token; - is standard input"),
		"flag.department": says("departamento `NAME` de este equipo, si el colector no sabe otro", "department `NAME` of this machine, if the collector knows no other"),
		"flag.proxy":      says("proxy HTTP `URL` hacia el colector: http://host:puerto, o direct", "HTTP proxy `URL` to the collector: http://host:port, or direct"),
		"flag.config":     says("fichero de configuración `FILE`", "configuration `FILE`"),
		"flag.once":       says("mide todo una vez, lo entrega y termina", "measures everything once, delivers it and ends"),
		"flag.jobs":       says("ficheros a la vez `N`; 0 es uno por procesador", "files at a time `N`; 0 is one for each processor"),
		"flag.no_cache":   says("lee también lo que no ha cambiado", "reads also what has not changed"),
	}
}
