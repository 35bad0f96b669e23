package session

import (
	"vigia/checks"
	"vigia/checks/host"
)

// screenLockCovers says what session.screenlock reads, and what it does not see.
func screenLockCovers() map[host.OS]checks.Coverage {
	return map[host.OS]checks.Coverage{
		host.Windows: {
			Sources: []string{
				keyMachinePolicy + `\InactivityTimeoutSecs`, `HKU\<SID>` + desktopPolicy, `HKU\<SID>` + desktopUser,
				`HKU\<SID>` + userPolicies + `\DisableLockWorkstation`, `NTUSER.DAT de los perfiles sin sesión`,
				powerPolicy, powerSchemes, `HKU\<SID>` + desktopUser + `\DelayLockInterval`, sourcePower + ": SystemExecutionState", "NetUserEnum", keyProfileList + `\<SID>: LocalProfileLoadTime, LocalProfileUnloadTime`,
			},
			Missing: say(
				"que algo mantiene encendida la pantalla se ve cada vez que se mira, sin saber qué programa es; no se juzgan los perfiles de cuentas borradas o desactivadas, ni los de dominio o Entra ID que nadie usa desde hace meses; el bloqueo dinámico por Bluetooth no cuenta, ni se lee el límite que fija un servicio de gestión de dispositivos (MaxInactivityTimeDeviceLock)",
				"that something keeps the screen on is seen whenever it is looked at, not which program it is; profiles of accounts that are deleted or disabled are not judged, nor those of a domain or Entra ID that nobody has used for months; the dynamic lock by Bluetooth does not count, and the limit that a device management service sets (MaxInactivityTimeDeviceLock) is not read"),
			ByHand: say(
				"secpol.msc, Directivas locales, Opciones de seguridad, «Inicio de sesión interactivo: límite de inactividad del equipo»; y en cada cuenta, Configuración del protector de pantalla",
				"secpol.msc, Local Policies, Security Options, \"Interactive logon: Machine inactivity limit\"; and in each account, Screen saver settings"),
		},
		host.Linux: {
			Sources: []string{
				"/usr/share/xsessions", "/usr/share/wayland-sessions", "/etc/X11/default-display-manager", "dconf: ~/.config/dconf/user, /etc/dconf/db, /etc/dconf/profile/user",
				schemaDir + "/*.gschema.override", "kscreenlockerrc", "xfce4-screensaver.xml", "~/.xscreensaver", "~/.config/sway/config, swayidle",
				"/etc/profile, /etc/profile.d: TMOUT", "/etc/systemd/logind.conf: StopIdleSessionSec", "/run/systemd/inhibit",
			},
			Missing: say(
				"light-locker sigue al apagado de pantalla del servidor X, que ningún archivo dice: no se sabe; tampoco i3 ni otros escritorios; no comprueba que el bloqueador esté en marcha en cada sesión",
				"light-locker follows the X server's blanking, which no file tells: unknown; so are i3 and other desktops; it does not check that the locker runs in each session"),
			ByHand: say(
				"en la sesión de cada persona: gsettings get org.gnome.desktop.session idle-delay (KDE: Preferencias, Bloqueo de pantalla); o esperar el tiempo fijado sin tocar nada",
				"in each person's session: gsettings get org.gnome.desktop.session idle-delay (KDE: Settings, Screen locking); or wait for the time that is set without touching anything"),
		},
	}
}

// logonCovers says what session.logon reads, and what it does not see.
func logonCovers() map[host.OS]checks.Coverage {
	return map[host.OS]checks.Coverage{
		host.Windows: {
			Sources: []string{
				`HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon: AutoAdminLogon, DefaultPassword`,
				`HKLM\SYSTEM\CurrentControlSet\Control\Lsa: LimitBlankPasswordUse`, "NetUserEnum: UF_PASSWD_NOTREQD, RID 501", "NetUserModalsGet",
			},
			Missing: say(
				"que una cuenta pueda no tener contraseña no dice que no la tenga, y una vacía de antes de fijar la longitud mínima sigue valiendo sin verse: no se prueba ninguna; los programas con su propio usuario no se ven",
				"that an account may have no password does not say that it has none, and an empty one of before the minimum length was set stays valid unseen: none is tried; programs with users of their own are not seen"),
			ByHand: say(
				"netplwiz: «Los usuarios deben escribir su nombre y contraseña» marcado; lusrmgr.msc: cuenta Invitado deshabilitada",
				"netplwiz: \"Users must enter a user name and password\" ticked; lusrmgr.msc: the Guest account disabled"),
		},
		host.Linux: {
			Sources: []string{
				"/etc/gdm3, /etc/gdm", "/usr/share/lightdm/lightdm.conf.d, /etc/lightdm", "/usr/lib/sddm/sddm.conf.d, /etc/sddm.conf.d, /etc/sddm.conf",
				"/etc/lxdm/lxdm.conf", "/etc/greetd/config.toml", "/etc/default/nodm", "/etc/systemd/system/getty@*.service.d", "debug-shell.service, " + fileCmdline,
				"/etc/shadow", "/etc/pam.d: nullok",
			},
			Missing: say(
				"los programas con su propio usuario no se ven, ni otras pantallas de entrada (slim, ly, xdm), ni un servicio propio que abra una sesión",
				"programs with users of their own are not seen, nor other log-on screens (slim, ly, xdm), nor a service of one's own that opens a session"),
			ByHand: say(
				"grep -riE 'autologin|automaticlogin|timedlogin|initial_session' /etc/gdm3 /etc/lightdm /etc/sddm.conf* /etc/lxdm /etc/greetd /etc/systemd/system; awk -F: '$2==\"\"' /etc/shadow no debe mostrar nada",
				"grep -riE 'autologin|automaticlogin|timedlogin|initial_session' /etc/gdm3 /etc/lightdm /etc/sddm.conf* /etc/lxdm /etc/greetd /etc/systemd/system; awk -F: '$2==\"\"' /etc/shadow must show nothing"),
		},
	}
}
