package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"runtime"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"vigia/agent/deliver"
	"vigia/agent/identity"
	"vigia/agent/proxy"
	"vigia/checks/message"
	apiv1 "vigia/collector/api/v1"
	"vigia/packaging/settings"
)

// problem is an error with its own words in the catalogue.
type problem struct {
	code string
	args map[string]string
	err  error // may be nil
}

func (p *problem) Error() string {
	if p.err != nil {
		return p.code + ": " + p.err.Error()
	}
	return fmt.Sprintf("%s %v", p.code, p.args)
}

func (p *problem) Unwrap() error { return p.err }

// usage is the error of a command that was not asked rightly.
func (c *cli) usage(cmd *cobra.Command, code string, args map[string]string) error {
	if args == nil {
		args = map[string]string{}
	}
	args["help"] = cmd.CommandPath() + " --help"
	return &problem{code: code, args: args}
}

func (c *cli) tooMany(cmd *cobra.Command, arg string) error {
	return c.usage(cmd, "usage.argument", map[string]string{"argument": arg})
}

func (c *cli) explain(err error) string { return c.say.explain(err) }

// explain says an error in one line: what happened, the detail, what to do.
func (s sayer) explain(err error) string {
	code, args := classify(err)
	if wrong, ok := errors.AsType[*settings.Error](err); ok && code == "problem.config" {
		args["detail"] = strings.Replace(args["detail"], wrong.Error(), wrong.In(string(s.lang)), 1)
	}
	if words := s.system(err); words != "" && strings.HasPrefix(code, "usage.") {
		args["detail"] = words
	}
	out := s.text(code, args)
	if do := s.all.Do(s.lang, code, args); do != "" {
		out = strings.TrimRight(out, ".") + ". " + do
	}
	return printable(strings.Join(strings.Fields(out), " "))
}

// system says the commonest errors of files in the reader's language.
func (s sayer) system(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s.text("system.not_exist", nil)
	case errors.Is(err, fs.ErrPermission):
		return s.text("system.permission", nil)
	}
	return ""
}

// classify finds the words for an error. The technical text is the argument
// detail.
func classify(err error) (code string, args map[string]string) {
	if p, ok := errors.AsType[*problem](err); ok {
		args = map[string]string{}
		maps.Copy(args, p.args)
		if p.err != nil {
			args["detail"] = p.err.Error()
		}
		return p.code, args
	}
	if p, ok := errors.AsType[*proxy.Error](err); ok {
		return "problem.proxy_" + string(p.Why), map[string]string{"proxy": p.Proxy, "detail": p.Detail}
	}
	if code, args, ok := refusedBy(err); ok {
		return code, args
	}
	args = map[string]string{"detail": err.Error()}
	if _, ok := errors.AsType[*settings.Error](err); ok {
		return "problem.config", args
	}
	if diskFull(err) {
		return "problem.disk_full", args
	}
	for _, known := range []struct {
		err  error
		code string
	}{
		{context.Canceled, "problem.interrupted"},
		{errInUse, "problem.in_use"},
		{errTokenTable, "problem.token_table"},
		{proxy.ErrSetting, "problem.proxy"},
		{identity.ErrAddress, "problem.address"},
		{identity.ErrNotEnrolled, "problem.not_enrolled"},
		{identity.ErrEnrolled, "problem.enrolled"},
		{identity.ErrPermissions, "problem.loose_keys"},
		{identity.ErrDamaged, "problem.damaged_identity"},
		{identity.ErrUnknownCA, "problem.unknown_ca"},
		{identity.ErrServerName, "problem.server_name"},
		{identity.ErrClock, "problem.clock"},
		{identity.ErrTokenRefused, "problem.token_refused"},
		{identity.ErrUnknownMachine, "problem.not_admitted"},
		{identity.ErrNotActive, "problem.not_admitted"},
		{identity.ErrRefused, "problem.refused"},
		{identity.ErrAnswer, "problem.answer"},
		{identity.ErrBusy, "problem.busy"},
		{identity.ErrUnreachable, "problem.unreachable"},
		{deliver.ErrRefused, "problem.not_admitted"},
		{deliver.ErrBusy, "problem.busy"},
		{deliver.ErrUnreachable, "problem.unreachable"},
		{deliver.ErrAhead, "problem.ahead"},
		{deliver.ErrCheckpoint, "problem.answer"},
		{deliver.ErrStuck, "problem.answer"},
		{apiv1.ErrToken, "problem.token"},
		{fs.ErrPermission, "problem.permission"},
	} {
		if errors.Is(err, known.err) {
			args["detail"] = detail(err, known.err)
			return known.code, args
		}
	}
	return "problem.other", args
}

// detail is what an error says beyond a known one: the words after it, if
// there are any.
func detail(err, known error) string {
	text := err.Error()
	if _, after, ok := strings.Cut(text, known.Error()+": "); ok {
		return after
	}
	return text
}

// diskFull tells whether an error is that of a disk without room, on either
// system: ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL of Windows are not mapped
// to ENOSPC by package syscall.
func diskFull(err error) bool {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return true
	}
	var errno syscall.Errno
	return runtime.GOOS == "windows" && errors.As(err, &errno) && (errno == 112 || errno == 39)
}

func problemMessages() message.Catalogue {
	entry := func(sayES, sayEN, doES, doEN string) message.Entry {
		return message.Entry{Say: message.Text{ES: sayES, EN: sayEN}, Do: message.Text{ES: doES, EN: doEN}}
	}
	seeHelpES, seeHelpEN := "Vea: {help}", "See: {help}"
	return message.Catalogue{
		"usage.flag":     entry("opción no válida ({detail})", "not a valid option ({detail})", seeHelpES, seeHelpEN),
		"usage.command":  entry("no existe la orden «{command}»", "there is no command \"{command}\"", seeHelpES, seeHelpEN),
		"usage.argument": entry("sobra «{argument}»", "\"{argument}\" is too much", seeHelpES, seeHelpEN),
		"usage.missing":  entry("falta {what}", "{what} is missing", seeHelpES, seeHelpEN),
		"usage.exclude":  entry("{what} no pueden ir juntas", "{what} exclude each other", seeHelpES, seeHelpEN),
		"usage.unknown_id": entry("no hay ningún control ni comprobación «{id}» en estas reglas", "there is no control or check \"{id}\" in these rules",
			"Los que hay: {known}", "There are: {known}"),
		"usage.path": entry("no se puede leer «{path}»: {detail}", "cannot read \"{path}\": {detail}",
			"Compruebe la ruta", "Check the path"),
		"system.not_exist":  entry("no existe", "it does not exist", "", ""),
		"system.permission": entry("no hay permiso", "no permission", "", ""),
		"usage.not_empty": entry("la carpeta «{path}» no está vacía", "the folder \"{path}\" is not empty",
			"Indique una carpeta nueva o vacía: no se escribe sobre lo que hay", "Name a folder that is new or empty: nothing is written over"),
		"usage.not_file": entry("«{path}» no es un archivo normal", "\"{path}\" is not a regular file",
			"Indique un archivo: ni una carpeta, ni una tubería, ni un dispositivo (--token-file - lee de la entrada)",
			"Name a file: no folder, no pipe, no device (--token-file - reads from standard input)"),
		"usage.not_folder": entry("«{path}» no es una carpeta", "\"{path}\" is not a folder", "Indique una carpeta", "Name a folder"),
		"usage.write": entry("no se puede escribir en «{path}»: {detail}", "cannot write to \"{path}\": {detail}",
			"Indique una carpeta nueva o vacía", "Name a folder that is new or empty"),

		"problem.config": entry("la configuración no es válida: {detail}", "the configuration is not valid: {detail}",
			"Corríjalo y vuelva a intentarlo", "Correct it and try again"),
		"problem.policy": entry("las reglas no son válidas: {detail}", "the rules are not valid: {detail}",
			"Corrija el fichero o elija otro conjunto", "Correct the file or choose another pack"),
		"problem.loose_password": entry("otros pueden leer la contraseña del directorio: {path} ({who})", "others can read the directory's password: {path} ({who})",
			"Deje el fichero solo para el servicio (Linux: chown root y chmod 600; Windows: en Seguridad, solo SYSTEM y Administradores) y cambie esa contraseña, que otros pudieron ver",
			"Leave the file to the service alone (Linux: chown root and chmod 600; Windows: in Security, only SYSTEM and Administrators) and change that password, which others may have seen"),
		"problem.password_file": entry("no se puede leer la contraseña del directorio en {path}: {detail}", "cannot read the directory's password in {path}: {detail}",
			"Compruebe directory.password_file en vigia-agent.yaml; el fichero tiene la contraseña y nada más",
			"Check directory.password_file in vigia-agent.yaml; the file holds the password and nothing else"),
		"problem.place": entry("otros pueden cambiar el programa o los datos del agente: {path} ({who})", "others can change the agent's program or data: {path} ({who})",
			"Instálelo con su paquete, que lo deja donde solo el administrador escribe (Linux: chown root y chmod go-w; Windows: en Seguridad, solo SYSTEM y Administradores pueden escribir)",
			"Install it by its package, which puts it where only the administrator writes (Linux: chown root and chmod go-w; Windows: in Security, only SYSTEM and Administrators may write)"),
		"problem.systemd": entry("en Linux el servicio es de systemd", "on Linux the service is systemd's",
			"Instale el paquete y use: systemctl status vigia-agent (o start, stop, restart)", "Install the package and use: systemctl status vigia-agent (or start, stop, restart)"),
		"problem.no_service": entry("el servicio no está instalado", "the service is not installed",
			"Use el instalador, o: vigia-agent service install", "Use the installer, or: vigia-agent service install"),
		"problem.service": entry("el servicio ya está instalado", "the service is already installed",
			"Para instalarlo de otro modo, quite antes este: vigia-agent service uninstall", "To install it otherwise, remove this one first: vigia-agent service uninstall"),
		"problem.administrator": entry("hace falta ser administrador", "only an administrator may do that",
			"Abra la consola con «Ejecutar como administrador» y repítalo", "Open the console with \"Run as administrator\" and try again"),
		"problem.service_manager": entry("el administrador de servicios no pudo: {detail}", "the service manager could not: {detail}",
			"Mire el registro del agente (log\\vigia-agent.log en la carpeta de datos) y repítalo", "Look at the agent's log (log\\vigia-agent.log in the data folder) and try again"),
		"problem.disk_full": entry("el disco está lleno ({detail})", "the disk is full ({detail})",
			"Libere espacio; no se ha perdido ningún informe confirmado", "Free some space; no acknowledged report was lost"),
		"problem.interrupted": entry("interrumpido", "interrupted", "", ""),
		"problem.in_use": entry("otro vigia-agent está usando la carpeta de datos", "another vigia-agent is using the data folder",
			"Detenga el servicio o indique otra carpeta con --data", "Stop the service or name another folder with --data"),
		"problem.not_enrolled": entry("este equipo no está inscrito", "this machine is not enrolled",
			"Pida un token al colector (vigia token create) y use: vigia-agent enroll --collector EQUIPO:8443 --token TOKEN",
			"Ask the collector for a token (vigia token create) and use: vigia-agent enroll --collector HOST:8443 --token TOKEN"),
		"problem.enrolled": entry("este equipo ya está inscrito", "this machine is already enrolled",
			"Para inscribirlo de nuevo, dé de baja el equipo en el colector y borre antes la carpeta de datos",
			"To enrol it again, retire it at the collector and delete the data folder first"),
		"problem.loose_keys": entry("otros usuarios pueden leer las claves: {detail}", "other users can read the keys: {detail}",
			"Deje la carpeta identity con permiso 0700 y sus ficheros con 0600, y pregúntese quién los ha leído",
			"Give the folder identity mode 0700 and its files 0600, and ask yourself who has read them"),
		"problem.damaged_identity": entry("la identidad del equipo está dañada: {detail}", "the machine's identity is damaged: {detail}",
			"Recupere la carpeta de datos de una copia, o bórrela e inscriba el equipo con otro token",
			"Restore the data folder from a copy, or delete it and enrol the machine with another token"),
		"problem.unknown_ca": entry("quien responde no es el colector del token: {detail}", "who answers is not the token's collector: {detail}",
			"Compruebe la dirección y que el token es de ese colector; si lo es, alguien puede estar interceptando la conexión",
			"Check the address and that the token is of that collector; if so, someone may be intercepting the connection"),
		"problem.server_name": entry("el certificado del colector no es para esa dirección: {detail}", "the collector's certificate is not for that address: {detail}",
			"Use el nombre con el que se configuró el colector, o añada este a agents.hosts en su configuración",
			"Use the name that the collector was configured with, or add this one to agents.hosts in its configuration"),
		"problem.clock": entry("el reloj de este equipo no concuerda con el del colector: {detail}", "this machine's clock does not agree with the collector's: {detail}",
			"Ponga en hora este equipo y vuelva a intentarlo", "Set this machine's time and try again"),
		"problem.token": entry("el token no es válido: {detail}", "the token is not valid: {detail}",
			"Cópielo entero, tal como lo mostró el colector", "Copy it whole, as the collector showed it"),
		"problem.token_table": entry("no se puede leer la tabla de tokens", "the table of tokens cannot be read",
			"Use el fichero tal como lo escribió «vigia token create --from», sin abrirlo con otro programa",
			"Use the file as \"vigia token create --from\" wrote it, without opening it in another program"),
		"problem.token_columns": entry("a la tabla de tokens le falta la columna «host» o la columna «token»", "the table of tokens lacks the column \"host\" or the column \"token\"",
			"La primera línea nombra las columnas; use el fichero tal como lo escribió «vigia token create --from»",
			"The first line names the columns; use the file as \"vigia token create --from\" wrote it"),
		"problem.token_host": entry("la tabla de tokens no tiene ninguna fila para este equipo, que se llama «{host}»", "the table of tokens has no row for this machine, whose name is \"{host}\"",
			"Añada este equipo a la lista y cree su token en el colector (vigia token create --host {host}), o corrija el nombre",
			"Add this machine to the list and create its token at the collector (vigia token create --host {host}), or correct the name"),
		"problem.token_hosts": entry("la tabla tiene varios tokens para este equipo, «{host}» (líneas {lines})", "the table has several tokens for this machine, \"{host}\" (lines {lines})",
			"Deje una sola fila, o dé el token de este equipo con --token", "Leave one row only, or give this machine's token by --token"),
		"problem.token_rows": entry("la tabla de tokens tiene más de {most} filas", "the table of tokens has more than {most} rows",
			"Pártala en varias", "Split it"),
		"problem.token_big": entry("el fichero del token ocupa más de {most}", "the token's file is bigger than {most}",
			"Compruebe que es el fichero del token", "Check that it is the token's file"),
		"problem.address": entry("la dirección del colector no es válida: {detail}", "the collector's address is not valid: {detail}",
			"Escríbala como vigia.ayto.example:8443", "Write it as vigia.town.example:8443"),
		"problem.proxy": entry("el proxy no está bien escrito", "the proxy is not well written",
			"Escríbalo como http://proxy.ayto.example:3128 o http://usuario:contraseña@proxy.ayto.example:3128 (solo http; los signos especiales de la contraseña, como %40 por @), o direct si no hay ninguno. Está en proxy de vigia-agent.yaml, en --proxy o en HTTPS_PROXY",
			"Write it as http://proxy.town.example:3128 or http://user:password@proxy.town.example:3128 (http only; special characters of the password as %40 for @), or direct if there is none. It is in proxy of vigia-agent.yaml, in --proxy or in HTTPS_PROXY"),
		"problem.proxy_unreachable": entry("el proxy {proxy} no responde: {detail}", "the proxy {proxy} does not answer: {detail}",
			"Compruebe su dirección y su puerto (proxy en vigia-agent.yaml, --proxy o HTTPS_PROXY), o use direct si el colector se alcanza sin proxy; lo medido se conserva",
			"Check its address and port (proxy in vigia-agent.yaml, --proxy or HTTPS_PROXY), or use direct if the collector is reached without a proxy; what was measured is kept"),
		"problem.proxy_not_proxy": entry("lo que responde en {proxy} no es un proxy HTTP: {detail}", "what answers at {proxy} is no HTTP proxy: {detail}",
			"Compruebe la dirección y el puerto del proxy con quien lleva la red", "Check the proxy's address and port with who runs the network"),
		"problem.proxy_login": entry("el proxy {proxy} pide usuario y contraseña ({detail})", "the proxy {proxy} asks for a user and a password ({detail})",
			"Escríbalos en su dirección, http://usuario:contraseña@{proxy}, o pida que deje pasar hacia el colector sin contraseña",
			"Write them in its address, http://user:password@{proxy}, or have it let the collector be reached without a password"),
		"problem.proxy_wrong_login": entry("el proxy {proxy} no acepta el usuario y la contraseña ({detail})", "the proxy {proxy} does not accept the user and the password ({detail})",
			"Compruébelos; los signos especiales se escriben como %40 por @", "Check them; special characters are written as %40 for @"),
		"problem.proxy_unsupported": entry("el proxy {proxy} pide una identificación que vigia-agent no admite: NTLM, Kerberos y Digest no están soportados ({detail})",
			"the proxy {proxy} asks for a login that vigia-agent does not speak: NTLM, Kerberos and Digest are not supported ({detail})",
			"Pida a quien lleva el proxy una excepción sin identificación para la dirección y el puerto del colector, o un usuario con autenticación Basic",
			"Ask who runs the proxy for an exception without login for the collector's address and port, or for a user with Basic authentication"),
		"problem.proxy_refused": entry("el proxy {proxy} no deja llegar al colector ({detail})", "the proxy {proxy} does not let the collector be reached ({detail})",
			"Pida a quien lleva el proxy que permita CONNECT a la dirección y el puerto del colector (8443)",
			"Ask who runs the proxy to allow CONNECT to the collector's address and port (8443)"),
		"problem.proxy_beyond": entry("el proxy {proxy} no alcanza el colector ({detail})", "the proxy {proxy} cannot reach the collector ({detail})",
			"Compruebe la dirección del colector y que el proxy llega a él; si el colector está en la misma red, use direct",
			"Check the collector's address and that the proxy reaches it; if the collector is on the same network, use direct"),
		"problem.token_refused": entry("el colector rechaza el token: {detail}", "the collector refuses the token: {detail}",
			"Cree otro en el colector con: vigia token create", "Create another at the collector with: vigia token create"),
		"problem.not_admitted": entry("el colector no admite este equipo: {detail}", "the collector does not admit this machine: {detail}",
			"Pregunte a quien administra el colector (vigia agents list); lo medido se conserva",
			"Ask who administers the collector (vigia agents list); what was measured is kept"),
		"problem.refused": entry("el colector no acepta la petición: {detail}", "the collector does not accept the request: {detail}",
			"Actualice el agente y el colector a la misma versión", "Update agent and collector to the same version"),
		"problem.answer": entry("la respuesta del colector no es aceptable: {detail}", "the collector's answer is not acceptable: {detail}",
			"Avise a quien administra el colector; lo medido se conserva", "Tell who administers the collector; what was measured is kept"),
		"problem.busy": entry("el colector pide esperar: {detail}", "the collector asks to wait: {detail}",
			"Vuelva a intentarlo dentro de unos minutos", "Try again in a few minutes"),
		"problem.unreachable": entry("no se puede hablar con el colector: {detail}", "cannot talk to the collector: {detail}",
			"Compruebe la dirección, el puerto (8443) y el cortafuegos; lo medido se conserva",
			"Check the address, the port (8443) and the firewall; what was measured is kept"),
		"problem.ahead": entry("el colector tiene informes de este equipo que él no envió: {detail}", "the collector has reports of this machine that it did not send: {detail}",
			"El equipo fue clonado o restaurado de una imagen: borre su carpeta de datos e inscríbalo con otro token",
			"The machine was cloned or put back to an image: delete its data folder and enrol it with another token"),
		"problem.permission": entry("sin permiso: {detail}", "no permission: {detail}",
			"Ejecute la orden como administrador (sudo) o indique otra carpeta con --data",
			"Run the command as administrator (sudo) or name another folder with --data"),
		"problem.other": entry("{detail}", "{detail}",
			"Si se repite, guarde este mensaje y el registro del agente, y pida ayuda con ellos", "If it comes again, keep this message and the agent's log, and ask for help with them"),
	}
}
