package session

import "vigia/checks/message"

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// screenLockMessages says the reasons of session.screenlock.
func screenLockMessages() message.Catalogue {
	set := say(
		"fije el bloqueo para todos: en dominio, directiva «Límite de inactividad de equipo» a 900 s o menos; en Linux, valor y bloqueo en dconf, kscreenlockerrc o xfconf del sistema",
		"set the lock for everybody: in a domain, the policy \"Machine inactivity limit\" at 900 s or less; on Linux, the value and its lock in the system's dconf, kscreenlockerrc or xfconf")
	look := say(
		"ejecute el agente como servicio del sistema; si persiste, revise los permisos de lo indicado",
		"run the agent as a system service; if it persists, look at the permissions of what is named")
	allow := say(
		"quite la directiva «Quitar Bloquear equipo» (Configuración de usuario > Plantillas administrativas > Sistema > Opciones de Ctrl+Alt+Supr) o borre el valor DisableLockWorkstation",
		"remove the policy \"Remove Lock Computer\" (User Configuration > Administrative Templates > System > Ctrl+Alt+Del Options) or delete the value DisableLockWorkstation")
	tidy := say(
		"si la persona ya no está, borre su perfil: Configuración avanzada del sistema > Perfiles de usuario",
		"if the person has left, delete the profile: Advanced system settings > User profiles")
	return message.Catalogue{
		"screenlock.machine": {Say: say("el equipo se bloquea a los {seconds} s (máximo {limit} s)", "the machine locks after {seconds} s (limit {limit} s)")},
		"screenlock.no_desktop": {Say: say("no hay escritorio gráfico instalado: no hay sesión que bloquear",
			"no graphical desktop is installed: there is no session to lock")},
		"screenlock.nothing_locks": {Say: say("ninguna directiva bloquea el equipo antes de {limit} s", "no policy locks the machine within {limit} s"), Do: set},
		"screenlock.all_lock":      {Say: say("los {profiles} perfiles se bloquean antes de {limit} s", "all {profiles} profiles lock within {limit} s")},
		"screenlock.some_do_not":   {Say: say("{bad} de {profiles} perfiles no se bloquean con contraseña antes de {limit} s", "{bad} of {profiles} profiles do not lock with a password within {limit} s"), Do: set},
		"screenlock.some_unknown":  {Say: say("no se pudo medir el bloqueo de {bad} de {profiles} perfiles", "the lock of {bad} of {profiles} profiles could not be measured"), Do: look},
		"screenlock.unread":        {Say: say("no se pudo leer {source} ({why})", "{source} could not be read ({why})"), Do: look},
		"screenlock.desktop_not_known": {Say: say("el escritorio {desktop} está instalado y su bloqueo aún no se sabe medir", "the desktop {desktop} is installed and its lock cannot be measured yet"),
			Do: say("compruebe el bloqueo a mano y anótelo en la revisión", "check the lock by hand and note it in the review")},
		"screenlock.no_locker": {Say: say("el escritorio {desktop} no tiene ningún programa de bloqueo", "the desktop {desktop} has no program that locks it"),
			Do: say("instale y active un bloqueador de pantalla", "install and enable a screen locker")},
		"screenlock.off":         {Say: say("el bloqueo de «{profile}» está desactivado (decide: {from})", "the lock of \"{profile}\" is switched off (decided by: {from})"), Do: set},
		"screenlock.no_password": {Say: say("la pantalla de «{profile}» vuelve sin pedir contraseña (decide: {from})", "the screen of \"{profile}\" comes back without a password (decided by: {from})"), Do: set},
		"screenlock.never":       {Say: say("el tiempo de «{profile}» es 0: nunca se bloquea (decide: {from})", "the time of \"{profile}\" is 0: it never locks (decided by: {from})"), Do: set},
		"screenlock.too_long":    {Say: say("«{profile}» se bloquea a los {seconds} s y el máximo es {limit} s (decide: {from})", "\"{profile}\" locks after {seconds} s and the limit is {limit} s (decided by: {from})"), Do: set},
		"screenlock.locks":       {Say: say("«{profile}» se bloquea a los {seconds} s con contraseña (decide: {from})", "\"{profile}\" locks after {seconds} s with a password (decided by: {from})")},
		"screenlock.lock_off":    {Say: say("una directiva quita a «{profile}» la posibilidad de bloquear el equipo (DisableLockWorkstation)", "a policy takes locking the machine away from \"{profile}\" (DisableLockWorkstation)"), Do: allow},
		"screenlock.lock_off_limit": {Say: say("el equipo tiene límite de inactividad, pero una directiva quita a «{profile}» la posibilidad de bloquear (DisableLockWorkstation) y Windows no dice si el límite bloquea entonces",
			"the machine has an inactivity limit, but a policy takes locking away from \"{profile}\" (DisableLockWorkstation), and Windows does not say whether the limit locks then"), Do: allow},
		"screenlock.lock_off_machine": {Say: say("el valor DisableLockWorkstation está puesto para todo el equipo y Windows no dice si entonces se bloquea", "the value DisableLockWorkstation is set for the whole machine, and Windows does not say whether it locks then"),
			Do: say("borre con regedit el valor DisableLockWorkstation de HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System", "delete with regedit the value DisableLockWorkstation of HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System")},
		"screenlock.account_gone":     {Say: say("el perfil «{profile}» es de una cuenta que ya no existe: no se juzga", "the profile \"{profile}\" is of an account that does not exist any more: it is not judged"), Do: tidy},
		"screenlock.account_disabled": {Say: say("la cuenta del perfil «{profile}» está desactivada o caducada: no se juzga", "the account of the profile \"{profile}\" is disabled or expired: it is not judged")},
		"screenlock.profile_gone":     {Say: say("la carpeta del perfil «{profile}» ya no existe: no se juzga", "the folder of the profile \"{profile}\" does not exist any more: it is not judged"), Do: tidy},
		"screenlock.unused":           {Say: say("nadie usa el perfil «{profile}» desde el {since}, hace más de {days} días: no se juzga", "nobody has used the profile \"{profile}\" since {since}, more than {days} days ago: it is not judged"), Do: tidy},
		"screenlock.wakes_open": {Say: say("al despertar de la suspensión ({supply}) no pide contraseña (decide: {from})", "on waking from sleep ({supply}) no password is asked (decided by: {from})"),
			Do: say("en «Opciones de energía» active «Requerir contraseña al reactivarse», o fíjelo por directiva para corriente y batería",
				"in the power options switch \"Require a password on wakeup\" on, or set it by policy for mains and battery")},
		"screenlock.resumes_open": {Say: say("al despertar de la suspensión la sesión de «{profile}» vuelve sin contraseña (decide: {from})", "on waking from sleep the session of \"{profile}\" comes back without a password (decided by: {from})"),
			Do: say("Preferencias del sistema > Bloqueo de pantalla: active «Tras despertar de la suspensión», o ponga LockOnResume=true en [Daemon][$i] de /etc/xdg/kscreenlockerrc", "System Settings > Screen Locking: switch \"After waking from sleep\" on, or put LockOnResume=true into [Daemon][$i] of /etc/xdg/kscreenlockerrc")},
		"screenlock.standby_open": {Say: say("«{profile}» ha elegido que, en un equipo con espera moderna, no se pida contraseña al volver (DelayLockInterval); no se sabe si este equipo duerme así", "\"{profile}\" has chosen that a machine with modern standby asks for no password on return (DelayLockInterval); whether this one sleeps so is not known"),
			Do: say("en esa cuenta: Configuración > Cuentas > Opciones de inicio de sesión > «¿Cuándo debe Windows solicitar que vuelvas a iniciar sesión?»: elija «Cuando el equipo se reactive tras la suspensión»", "in that account: Settings > Accounts > Sign-in options > \"When should Windows require you to sign in again?\": choose \"When PC wakes up from sleep\"")},
		"screenlock.gnome_without_gdm": {Say: say("GNOME solo bloquea la pantalla si la pantalla de entrada es GDM, y este equipo no la usa", "GNOME locks the screen only where GDM is the log-on screen, and this machine does not use it"),
			Do: say("instale gdm3 y elíjalo (Debian y Ubuntu: dpkg-reconfigure gdm3; Rocky: systemctl enable --force gdm), y reinicie", "install gdm3 and choose it (Debian and Ubuntu: dpkg-reconfigure gdm3; Rocky: systemctl enable --force gdm), and restart")},
		"screenlock.kept_awake": {Say: say("«{program}» impide que el equipo quede inactivo desde el {since}, más de {hours} horas seguidas", "\"{program}\" has kept the machine from falling idle since {since}, for more than {hours} hours on end"),
			Do: say("cierre el programa o quite la opción que mantiene la pantalla encendida; si es un mostrador o un panel, anótelo como excepción",
				"close the program or the option that keeps the screen on; for a counter or a wall display, note an exception")},
		"screenlock.screen_on": {Say: say("algún programa mantiene la pantalla encendida desde el {since}, más de {hours} horas seguidas: así el equipo no se bloquea", "some program has kept the screen on since {since}, for more than {hours} hours on end: the machine does not lock then"),
			Do: say("abra un símbolo del sistema como administrador y escriba «powercfg /requests»: nombra el programa; ciérrelo o quite su opción; si es un mostrador o un panel, anótelo como excepción",
				"open a command prompt as administrator and type \"powercfg /requests\": it names the program; close it or its option; for a counter or a wall display, note an exception")},
		"source.CallNtPowerInformation": {Say: say("lo que Windows mantiene encendido (CallNtPowerInformation)", "what Windows keeps awake (CallNtPowerInformation)")},
		"screenlock.console_ends":       {Say: say("sin escritorio; una consola sin uso se cierra a los {seconds} s (máximo {limit} s)", "no desktop; an idle console ends after {seconds} s (limit {limit} s)")},
		"screenlock.console_changeable": {Say: say("sin escritorio; una consola sin uso se cierra a los {seconds} s, pero cada persona puede cambiarlo", "no desktop; an idle console ends after {seconds} s, but each person may change that"),
			Do: say("ponga «readonly TMOUT» junto al valor, o StopIdleSessionSec en logind.conf", "put \"readonly TMOUT\" beside the value, or StopIdleSessionSec into logind.conf")},
		"screenlock.console_open": {Say: say("sin escritorio; nada cierra una consola sin uso antes de {limit} s", "no desktop; nothing ends an idle console within {limit} s"),
			Do: say("cree /etc/profile.d/tmout.sh con «TMOUT=900; readonly TMOUT; export TMOUT», o ponga StopIdleSessionSec=15min en logind.conf",
				"create /etc/profile.d/tmout.sh with \"TMOUT=900; readonly TMOUT; export TMOUT\", or put StopIdleSessionSec=15min into logind.conf")},
		"supply.ac":      {Say: say("con corriente", "on mains")},
		"supply.battery": {Say: say("con batería", "on battery")},
		// What decides, as the argument {from}, and who may change it.
		"from.machine_policy":  {Say: say("directiva del equipo, que solo cambia un administrador", "machine policy, which only an administrator changes")},
		"from.group_policy":    {Say: say("directiva de grupo, que solo cambia el administrador del dominio", "group policy, which only the domain's administrator changes")},
		"from.system_default":  {Say: say("valor que el sistema da a todos; cada persona puede cambiarlo", "the system's value for everybody, which each person may change")},
		"from.system_lock":     {Say: say("valor que el sistema impone a todos; solo lo cambia un administrador", "the system's value, which only an administrator changes")},
		"from.user":            {Say: say("la propia persona", "the person's own choice")},
		"from.program_default": {Say: say("nadie lo ha configurado; cada persona puede cambiarlo", "nobody has set it; each person may change it")},
		"screenlock.not_set":   {Say: say("«{profile}» no tiene bloqueo configurado (máximo {limit} s)", "\"{profile}\" has no lock configured (limit {limit} s)"), Do: set},
	}
}

// logonMessages says the reasons of session.logon.
func logonMessages() message.Catalogue {
	auto := say("desactive el inicio de sesión automático", "switch the automatic log-on off")
	look := say(
		"ejecute el agente como servicio del sistema; si persiste, revise los permisos de lo indicado",
		"run the agent as a system service; if it persists, look at the permissions of what is named")
	return message.Catalogue{
		"logon.required":  {Say: say("toda sesión pide usuario y contraseña", "every session asks for user and password")},
		"logon.automatic": {Say: say("{program} abre solo la sesión de «{account}» ({source})", "{program} opens the session of \"{account}\" by itself ({source})"), Do: auto},
		"logon.automatic_stored": {Say: say("{program} abre solo la sesión de «{account}» con una contraseña guardada sin cifrar ({source})", "{program} opens the session of \"{account}\" by itself with a password kept in clear text ({source})"),
			Do: say("desactive el inicio de sesión automático, borre la contraseña guardada y cámbiela", "switch the automatic log-on off, delete the stored password and change it")},
		"logon.open": {Say: say("{service} deja entrar sin contraseña a alguien (PAM)", "{service} lets somebody in without a password (PAM)"),
			Do: say("revise /etc/pam.d/{service}: quite la línea «sufficient» que no pide contraseña, o vacíe el grupo nopasswdlogin", "look at /etc/pam.d/{service}: remove the \"sufficient\" line that asks for no password, or empty the group nopasswdlogin")},
		"logon.stored": {Say: say("queda una contraseña guardada sin cifrar en {source}, que todas las cuentas pueden leer", "a password is kept in clear text in {source}, which every account may read"),
			Do: say("borre ese valor con regedit y cambie la contraseña de la cuenta", "delete that value with regedit and change the account's password")},
		"logon.blank": {Say: say("la cuenta «{account}» no tiene contraseña o no la necesita", "the account \"{account}\" has no password or needs none"),
			Do: say("ponga una contraseña a la cuenta o desactívela", "give the account a password or disable it")},
		"logon.blank_allowed": {Say: say("la directiva admite contraseñas vacías (longitud mínima 0) y Windows no dice qué cuentas la tienen", "the policy takes empty passwords (minimum length 0), and Windows does not tell which accounts have one"),
			Do: say("secpol.msc > Directivas de cuenta > Directiva de contraseñas > «Longitud mínima de la contraseña»: ponga la que exija su política y haga que cada persona cambie la suya, porque las vacías de antes siguen valiendo",
				"secpol.msc > Account Policies > Password Policy > \"Minimum password length\": set what your policy asks for and have each person change theirs, since empty ones of before stay valid")},
		"logon.guest": {Say: say("la cuenta de invitado está activa", "the guest account is enabled"),
			Do: say("desactive la cuenta de invitado", "disable the guest account")},
		"logon.guest_session": {Say: say("la pantalla de entrada ofrece una sesión de invitado sin contraseña ({source})", "the log-on screen offers a guest session without a password ({source})"),
			Do: say("ponga «allow-guest=false» en la sección [Seat:*] de /etc/lightdm/lightdm.conf y reinicie el equipo", "put \"allow-guest=false\" into the section [Seat:*] of /etc/lightdm/lightdm.conf and restart the machine")},
		"logon.blank_from_network": {Say: say("se aceptan contraseñas en blanco por la red", "blank passwords are accepted over the network"),
			Do: say("active «Limitar el uso de contraseñas en blanco al inicio de sesión de consola»", "enable \"Limit local account use of blank passwords to console logon only\"")},
		"logon.null_ok": {Say: say("PAM aceptaría una contraseña en blanco en {service} (nullok); hoy ninguna cuenta la tiene", "PAM would accept a blank password in {service} (nullok); no account has one today"),
			Do: say("quite nullok de la línea de pam_unix", "remove nullok from the line of pam_unix")},
		"logon.unread":         {Say: say("no se pudo leer {source} ({why})", "{source} could not be read ({why})"), Do: look},
		"logon.nothing_read":   {Say: say("no se pudo leer nada sobre el inicio de sesión", "nothing about the log-on could be read"), Do: look},
		"logon.several":        {Say: say("{bad} formas de entrar sin contraseña", "{bad} ways in without a password"), Do: say("corrija cada una de las indicadas", "correct each of those named")},
		"logon.several_warn":   {Say: say("{bad} servicios aceptarían una contraseña en blanco", "{bad} services would accept a blank password"), Do: say("quite nullok de las líneas de pam_unix", "remove nullok from the lines of pam_unix")},
		"logon.several_unread": {Say: say("{bad} orígenes no se pudieron leer", "{bad} sources could not be read"), Do: look},
	}
}
