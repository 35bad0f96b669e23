package inventory

import (
	"vigia/checks"
	"vigia/checks/host"
	"vigia/checks/message"
)

// channelMessages says the reasons of inventory.channels.
func channelMessages() message.Catalogue {
	decide := say(
		"pregunte para qué se usa; si es de la organización, póngala en «allowed» del control DLP-CHANNEL con su servidor, y si no, cierre la cuenta y desinstale el programa",
		"ask what it is used for; if it is the organisation's, put it into \"allowed\" of control DLP-CHANNEL with its server, and if not, close the account and uninstall the program")
	mail := say(
		"ponga los dominios de correo de la organización en «mail_domains» del control DLP-CHANNEL",
		"put the mail domains of the organisation into \"mail_domains\" of control DLP-CHANNEL")
	out := message.Catalogue{
		"channels.none":           {Say: say("no hay clientes de nube, mensajería ni correo configurados", "there are no clients of clouds, messengers or mail set up")},
		"channels.authorised":     {Say: say("las {all} vías de salida encontradas están autorizadas o sin cuenta", "all {all} ways out that were found are authorised or have no account")},
		"channels.some":           {Say: say("{bad} vías de salida personales o no autorizadas, y {undecided} sin decidir", "{bad} ways out that are personal or not authorised, and {undecided} undecided"), Do: decide},
		"channels.some_undecided": {Say: say("{undecided} vías de salida sobre las que la política no dice nada", "{undecided} ways out about which the policy says nothing"), Do: decide},
		"channels.unread": {Say: say("no se pudo mirar todo ({sources})", "not everything could be looked at ({sources})"),
			Do: say("ejecute el agente como servicio del sistema; si persiste, mire a mano el perfil indicado", "run the agent as a system service; if it persists, look at the named profile by hand")},
		"channels.messenger": {Say: say("{channel} de escritorio en el perfil «{profile}»", "{channel} for the desktop in the profile \"{profile}\""),
			Do: say("desinstálelo, o autorícelo en «allowed» del control DLP-CHANNEL si la organización lo usa como suyo", "uninstall it, or authorise it in \"allowed\" of control DLP-CHANNEL if the organisation uses it as its own")},
		"channels.personal": {Say: say("cuenta personal de {channel} en el perfil «{profile}»", "personal account of {channel} in the profile \"{profile}\""),
			Do: say("saque de esa nube lo que sea de la organización, desvincule la cuenta en el programa y bórrelo", "take out of that cloud what is the organisation's, unlink the account in the program and delete it")},
		"channels.not_allowed":   {Say: say("{channel} ({held}, servidor {host}) en el perfil «{profile}»: no está entre lo autorizado", "{channel} ({held}, server {host}) in the profile \"{profile}\": not among what is authorised"), Do: decide},
		"channels.undecided":     {Say: say("{channel} ({held}, servidor {host}) en el perfil «{profile}»: la política no dice si está autorizada", "{channel} ({held}, server {host}) in the profile \"{profile}\": the policy does not say whether it is authorised"), Do: decide},
		"channels.mail_personal": {Say: say("correo de {domain}, un servicio personal, en {program} (perfil «{profile}»)", "mail of {domain}, a personal service, in {program} (profile \"{profile}\")"), Do: say("quite la cuenta del programa de correo; si es la oficial de la organización, autorice el dominio en «mail_domains»", "remove the account from the mail program; if it is the organisation's official one, authorise the domain in \"mail_domains\"")},
		"channels.mail_not_allowed": {Say: say("correo de {domain} en {program} (perfil «{profile}»): no es un dominio autorizado", "mail of {domain} in {program} (profile \"{profile}\"): not an authorised domain"),
			Do: say("quite la cuenta del programa de correo, o autorice el dominio", "remove the account from the mail program, or authorise the domain")},
		"channels.mail_undecided": {Say: say("correo de {domain} en {program} (perfil «{profile}»): la política no dice qué dominios son los de la organización", "mail of {domain} in {program} (profile \"{profile}\"): the policy does not say which domains are the organisation's"), Do: mail},
		"held.personal":           {Say: say("cuenta personal", "personal account")},
		"held.organisation":       {Say: say("cuenta de trabajo", "work account")},
		"held.unknown":            {Say: say("cuenta sin saber de quién", "account of which it is not known whose")},
		"held.none":               {Say: say("sin cuenta", "without account")},
	}
	for code, name := range map[string]string{
		"whatsapp": "WhatsApp", "telegram": "Telegram", "signal": "Signal", "discord": "Discord", "messenger": "Messenger", "viber": "Viber",
		"dropbox": "Dropbox", "mega": "MEGA", "googledrive": "Google Drive", "onedrive": "OneDrive", "icloud": "iCloud", "nextcloud": "Nextcloud",
		"owncloud": "ownCloud", "syncthing": "Syncthing", "pcloud": "pCloud", "box": "Box", "rclone": "rclone",
	} {
		out["channel."+code] = message.Entry{Say: say(name, name)}
	}
	return out
}

func channelCovers() map[host.OS]checks.Coverage {
	missing := say(
		"Lo que se usa desde el navegador (correo web, WhatsApp Web, WeTransfer), el Outlook nuevo y las cuentas de Correo de Windows; de Google Drive, MEGA y rclone no se sabe si la cuenta es personal. Cuentas y direcciones no se leen: solo su clase, el servidor y el dominio.",
		"What is used from the browser (web mail, WhatsApp Web, WeTransfer), the new Outlook and accounts of Windows Mail; of Google Drive, MEGA and rclone it is not known whether the account is personal. Accounts and addresses are not read: only their kind, the server and the domain.")
	return map[host.OS]checks.Coverage{
		host.Linux: {
			Sources: append(linuxLists(), "~/.dropbox/info.json", "~/.config/Nextcloud/nextcloud.cfg", "~/.config/ownCloud/owncloud.cfg", "~/.config/rclone/rclone.conf",
				"~/.config/goa-1.0/accounts.conf", "~/.config/onedrive", "MEGAsync.cfg", "~/.thunderbird/*/prefs.js", "~/.config/evolution/sources"),
			Missing: missing,
			ByHand: say(
				"Con la sesión de cada usuario, mire Configuración > Cuentas en línea, las cuentas de Thunderbird o Evolution y los iconos de la bandeja; en su carpeta, ls -a ~ ~/.config.",
				"In each user's session, look at Settings > Online Accounts, the accounts of Thunderbird or Evolution and the icons of the tray; in the folder, ls -a ~ ~/.config."),
		},
		host.Windows: {
			Sources: []string{
				`HKU\<SID>\Software\Microsoft\OneDrive\Accounts`, storeKey, `HKU\<SID>\Software\Microsoft\Office\*\Outlook\Profiles`, `HKLM\SOFTWARE` + uninstall,
				`%APPDATA%\Dropbox\info.json`, `%APPDATA%\Nextcloud\nextcloud.cfg`, `%APPDATA%\rclone\rclone.conf`, `%LOCALAPPDATA%\Google\DriveFS`,
				`%LOCALAPPDATA%\Mega Limited`, `%APPDATA%\Thunderbird\Profiles\*\prefs.js`,
			},
			Missing: missing,
			ByHand: say(
				"Con la sesión de cada usuario, mire la nube de OneDrive en la barra de tareas (Configuración > Cuenta), las aplicaciones instaladas y Archivo > Configuración de la cuenta en Outlook.",
				"In each user's session, look at the cloud of OneDrive in the task bar (Settings > Account), the installed apps and File > Account Settings in Outlook."),
		},
	}
}
