package accounts

import (
	"vigia/checks"
	"vigia/checks/host"
)

// covers says what a check sees of both systems.
func covers(windows, linux checks.Coverage) map[host.OS]checks.Coverage {
	return map[host.OS]checks.Coverage{host.Windows: windows, host.Linux: linux}
}

// Where the facts of several checks come from.
const (
	fromModals = "NetUserModalsGet(0, 3)"
	fromSAM    = "SamQueryInformationDomain"
	fromUsers  = "NetUserEnum, NetUserGetInfo(4)"
	fromLSA    = keyLSA
)

func fromPAM(more ...string) []string {
	return append([]string{"/etc/pam.d/*", "/usr/lib/pam.d/*"}, more...)
}

func fromShadow(more ...string) []string {
	return append([]string{"/etc/passwd", shadowFile, "/etc/login.defs", nsswitch}, more...)
}

func ageCovers() map[host.OS]checks.Coverage {
	return covers(checks.Coverage{
		Sources: []string{fromModals, fromUsers},
		Missing: say("las cuentas del dominio, de Entra ID y las cuentas Microsoft: las conoce su directorio", "accounts of the domain, of Entra ID and Microsoft accounts: their directory knows them"),
		ByHand: say("como administrador, «net accounts» (duración máxima) y, por cuenta, «net user CUENTA» (último cambio, caducidad); o secpol.msc, Directivas de cuenta",
			"as administrator, \"net accounts\" (maximum age) and, per account, \"net user ACCOUNT\" (last set, expires); or secpol.msc, Account Policies"),
	}, checks.Coverage{
		Sources: fromShadow(),
		Missing: say("las cuentas de un directorio (LDAP, SSSD, winbind) y las de systemd-homed", "accounts of a directory (LDAP, SSSD, winbind) and those of systemd-homed"),
		ByHand:  say("como root, «chage -l CUENTA» por cada cuenta y PASS_MAX_DAYS en /etc/login.defs", "as root, \"chage -l ACCOUNT\" for each account and PASS_MAX_DAYS in /etc/login.defs"),
	})
}

// policyCovers is for a number of the password rules.
func policyCovers(windows []string, nameES, nameEN string, linux []string, option string) map[host.OS]checks.Coverage {
	return covers(checks.Coverage{
		Sources: windows,
		Missing: say("lo que exija el directorio a las cuentas del dominio, con sus directivas específicas", "what the directory demands of accounts of the domain, with its fine-grained policies"),
		ByHand:  say("secpol.msc, Directivas de cuenta, Directiva de contraseñas: «"+nameES+"»", "secpol.msc, Account Policies, Password Policy: \""+nameEN+"\""),
	}, checks.Coverage{
		Sources: linux,
		Missing: say("las reglas de pam_passwdqc y pam_cracklib, que no se saben leer; lo que exija un directorio; las ramas de PAM que dependen de quién entra", "the rules of pam_passwdqc and pam_cracklib, which cannot be read; what a directory demands; branches of PAM that depend on who logs on"),
		ByHand:  say("en la sección password de /etc/pam.d/common-password (o system-auth) busque "+option, "in the password section of /etc/pam.d/common-password (or system-auth) look for "+option),
	})
}

func lengthCovers() map[host.OS]checks.Coverage {
	return policyCovers([]string{fromModals}, "Longitud mínima de la contraseña", "Minimum password length",
		fromPAM(pwqualityConf, pwqualityConf+".d/*.conf"), "pam_pwquality minlen, pam_unix minlen/obscure, /etc/security/pwquality.conf")
}

func compositionCovers() map[host.OS]checks.Coverage {
	return policyCovers([]string{fromSAM}, "La contraseña debe cumplir los requisitos de complejidad", "Password must meet complexity requirements",
		fromPAM(pwqualityConf, pwqualityConf+".d/*.conf"), "pam_pwquality minclass, dcredit, ucredit, lcredit, ocredit, enforcing")
}

func usernameCovers() map[host.OS]checks.Coverage {
	return policyCovers([]string{fromSAM}, "La contraseña debe cumplir los requisitos de complejidad", "Password must meet complexity requirements",
		fromPAM(pwqualityConf, pwqualityConf+".d/*.conf"), "pam_pwquality usercheck, enforcing")
}

func historyCovers() map[host.OS]checks.Coverage {
	return policyCovers([]string{fromModals}, "Exigir historial de contraseñas» y «Vigencia mínima de la contraseña", "Enforce password history\" and \"Minimum password age",
		fromPAM(pwhistoryConf, shadowFile, "/etc/login.defs"), "pam_pwhistory remember, pam_unix remember; «chage -l» (minimum)")
}

func blankCovers() map[host.OS]checks.Coverage {
	return covers(checks.Coverage{
		Sources: []string{fromUsers, fromLSA + `\LimitBlankPasswordUse`},
		Missing: say("si la contraseña está de verdad en blanco: no se prueba ninguna, basta con que se permita", "whether the password is really blank: none is tried, that it is allowed is enough"),
		ByHand: say("«net user CUENTA» (Contraseña requerida) y secpol.msc, Opciones de seguridad, «Cuentas: limitar el uso de cuentas locales con contraseña en blanco»",
			"\"net user ACCOUNT\" (Password required) and secpol.msc, Security Options, \"Accounts: Limit local account use of blank passwords\""),
	}, checks.Coverage{
		Sources: fromShadow("/etc/pam.d/*"),
		Missing: say("las cuentas de un directorio", "accounts of a directory"),
		ByHand:  say("como root, «awk -F: '$2==\"\"' /etc/shadow» y «grep nullok /etc/pam.d/*»", "as root, \"awk -F: '$2==\"\"' /etc/shadow\" and \"grep nullok /etc/pam.d/*\""),
	})
}

func firstCovers() map[host.OS]checks.Coverage {
	return covers(checks.Coverage{
		Sources: []string{fromUsers, "Security 4720, 4723"},
		Missing: say("las altas anteriores a lo que conserva el registro de eventos, y las cuentas del dominio", "accounts made before what the event log holds, and accounts of the domain"),
		ByHand: say("en eventvwr.msc, Registros de Windows, Seguridad, busque los eventos 4720 y mire con «net user CUENTA» si esa cuenta cambió después su contraseña",
			"in eventvwr.msc, Windows Logs, Security, look for events 4720 and see with \"net user ACCOUNT\" whether that account changed its password since"),
	}, checks.Coverage{
		Sources: fromShadow(lastlogFile, wtmpFile, lastlog2File, wtmpdbFile),
		Missing: say("si en una cuenta ya usada se cambió la primera contraseña, y los accesos sin terminal; Linux no guarda cuándo se creó una cuenta", "whether the first password of an account in use was changed, and log-ons without a terminal; Linux does not keep when an account was made"),
		ByHand:  say("como root, «chage -l CUENTA» y «lastlog -u CUENTA» en cada cuenta nueva", "as root, \"chage -l ACCOUNT\" and \"lastlog -u ACCOUNT\" for each new account"),
	})
}

func storeCovers() map[host.OS]checks.Coverage {
	return covers(checks.Coverage{
		Sources: []string{fromLSA + `\NoLMHash, RunAsPPL`, keyWDigest + `\UseLogonCredential`, fromSAM, fromUsers},
		Missing: say("resúmenes LM guardados antes de prohibirlos y la protección de LSA que Windows activa por su cuenta sin directiva", "LM hashes kept from before they were forbidden, and the protection of LSA that Windows switches on by itself without policy"),
		ByHand: say("regedit en las claves citadas y secpol.msc, Directiva de contraseñas, «Almacenar contraseñas con cifrado reversible»",
			"regedit at those keys and secpol.msc, Password Policy, \"Store passwords using reversible encryption\""),
	}, checks.Coverage{
		Sources: fromShadow(append(secretFiles(), "/etc/pam.d/*", "/etc/group")...),
		Missing: say("las listas de acceso POSIX de esos archivos y copias suyas en otros sitios", "POSIX access lists of those files, and copies of them elsewhere"),
		ByHand:  say("«ls -l /etc/shadow* /etc/gshadow*», ENCRYPT_METHOD en /etc/login.defs y, como root, «cut -d: -f1,2 /etc/shadow | cut -c1-20»", "\"ls -l /etc/shadow* /etc/gshadow*\", ENCRYPT_METHOD in /etc/login.defs and, as root, \"cut -d: -f1,2 /etc/shadow | cut -c1-20\""),
	})
}

func lockoutCovers() map[host.OS]checks.Coverage {
	return covers(checks.Coverage{
		Sources: []string{fromModals, fromSAM, fromUsers},
		Missing: say("las cuentas del dominio, los PIN de Windows Hello y las aplicaciones con usuarios propios", "accounts of the domain, Windows Hello PINs, and applications with users of their own"),
		ByHand:  say("secpol.msc, Directivas de cuenta, Directiva de bloqueo de cuenta: «Umbral de bloqueo de cuenta» y «Restablecer el bloqueo de cuenta después de»", "secpol.msc, Account Policies, Account Lockout Policy: \"Account lockout threshold\" and \"Reset account lockout counter after\""),
	}, checks.Coverage{
		Sources: fromPAM(faillockConf, sshdConf),
		Missing: say("pam_tally2 y fail2ban, que no cuentan; los recuentos de pam_faillock se borran al reiniciar; las ramas de PAM que dependen de quién entra", "pam_tally2 and fail2ban, which do not count; the tallies of pam_faillock go with a restart; branches of PAM that depend on who logs on"),
		ByHand: say("con una cuenta de prueba, falle una vez más de lo permitido y mire «faillock --user CUENTA»; deny y fail_interval en /etc/security/faillock.conf y «sshd -T | grep -i -E 'maxauthtries|usepam'»",
			"with a test account, fail once more than allowed and look at \"faillock --user ACCOUNT\"; deny and fail_interval in /etc/security/faillock.conf and \"sshd -T | grep -i -E 'maxauthtries|usepam'\""),
	})
}

func releaseCovers() map[host.OS]checks.Coverage {
	return covers(checks.Coverage{
		Sources: []string{fromModals},
		Missing: say("quién desbloqueó cada cuenta y por qué: va en el libro de incidencias", "who unlocked each account and why: that goes into the incident book"),
		ByHand:  say("secpol.msc, Directiva de bloqueo de cuenta: «Duración del bloqueo de cuenta» (0 es hasta que lo haga un administrador)", "secpol.msc, Account Lockout Policy: \"Account lockout duration\" (0 is until an administrator does)"),
	}, checks.Coverage{
		Sources: fromPAM(faillockConf, sshdConf),
		Missing: say("quién desbloqueó cada cuenta y por qué; un reinicio borra los recuentos y con ellos el bloqueo", "who unlocked each account and why; a restart deletes the tallies and with them the lock"),
		ByHand:  say("unlock_time en /etc/security/faillock.conf y en las líneas de pam_faillock de /etc/pam.d (0 o never es hasta que lo haga un administrador)", "unlock_time in /etc/security/faillock.conf and in the lines of pam_faillock of /etc/pam.d (0 or never is until an administrator does)"),
	})
}

func uniqueCovers() map[host.OS]checks.Coverage {
	return covers(checks.Coverage{
		Sources: []string{fromUsers},
		Missing: say("de quién es cada cuenta: lo dice el registro de usuarios; si dos personas la comparten, que solo se sospecha: por un nombre de puesto, no por el uso en varios equipos a la vez; las cuentas del dominio", "whose each account is: the register of users tells; whether two people share it, which is only suspected: by a name of a desk, not by use of several machines at once; accounts of the domain"),
		ByHand:  say("lusrmgr.msc, Usuarios: una cuenta activa por persona y ninguna de puesto", "lusrmgr.msc, Users: one enabled account per person and none of a desk"),
	}, checks.Coverage{
		Sources: fromShadow("/etc/group", wtmpFile, wtmpdbFile),
		Missing: say("de quién es cada cuenta: lo dice el registro de usuarios; si dos personas la comparten, que solo se sospecha: por un nombre de puesto o por sesiones a la vez desde dos equipos, nunca por turnos en el mismo; las cuentas de un directorio", "whose each account is: the register of users tells; whether two people share it, which is only suspected: by a name of a desk or by sessions from two machines at once, never by turns at one; accounts of a directory"),
		ByHand:  say("«cut -d: -f3 /etc/passwd | sort | uniq -d» no debe dar nada; «last -i»: quién entra y desde dónde", "\"cut -d: -f3 /etc/passwd | sort | uniq -d\" must give nothing; \"last -i\": who comes in and from where"),
	})
}

func snapshotCovers() map[host.OS]checks.Coverage {
	return covers(checks.Coverage{
		Sources: []string{fromUsers, "NetLocalGroupGetMembers"},
		Missing: say("las cuentas del dominio que entran en este equipo, y los grupos anidados", "accounts of the domain that log on to this machine, and nested groups"),
		ByHand:  say("lusrmgr.msc, Usuarios y Grupos, y «net user CUENTA» (último inicio de sesión)", "lusrmgr.msc, Users and Groups, and \"net user ACCOUNT\" (last logon)"),
	}, checks.Coverage{
		Sources: fromShadow("/etc/group", lastlogFile, wtmpFile, lastlog2File, wtmpdbFile, "~/.ssh/authorized_keys"),
		Missing: say("las cuentas de un directorio y las propias de Samba o de una aplicación; el uso sin terminal (sftp, su, servicios); claves de SSH en otros sitios", "accounts of a directory, and those of Samba's or an application's own; use without a terminal (sftp, su, services); SSH keys in other places"),
		ByHand:  say("«getent passwd», «lastlog» (o «lastlog2») y «last»", "\"getent passwd\", \"lastlog\" (or \"lastlog2\") and \"last\""),
	})
}

func temporaryCovers() map[host.OS]checks.Coverage {
	return covers(checks.Coverage{
		Sources: []string{fromUsers},
		Missing: say("las cuentas temporales cuyo nombre no lo dice y que no están en la lista de la política; las del dominio", "temporary accounts whose name does not tell and that the policy does not list; those of the domain"),
		ByHand:  say("«net user CUENTA»: «La cuenta caduca»", "\"net user ACCOUNT\": \"Account expires\""),
	}, checks.Coverage{
		Sources: fromShadow(),
		Missing: say("las cuentas temporales cuyo nombre no lo dice y que no están en la lista de la política; las de un directorio", "temporary accounts whose name does not tell and that the policy does not list; those of a directory"),
		ByHand:  say("como root, «chage -l CUENTA»: «La cuenta caduca»", "as root, \"chage -l ACCOUNT\": \"Account expires\""),
	})
}
