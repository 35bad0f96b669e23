package accounts

import "vigia/checks/message"

func usernameMessages() message.Catalogue {
	return common(message.Catalogue{
		"username.free": {Say: say("se acepta como contraseña el nombre de la cuenta ({by})", "the name of the account is accepted as password ({by})"),
			Do: say("en Windows active «La contraseña debe cumplir los requisitos de complejidad» (secpol.msc, Directivas de cuenta); en Linux instale libpam-pwquality y no ponga usercheck=0 en /etc/security/pwquality.conf",
				"on Windows enable \"Password must meet complexity requirements\" (secpol.msc, Account Policies); on Linux install libpam-pwquality and have no usercheck=0 in /etc/security/pwquality.conf")},
		"username.compared": {Say: say("se rechaza una contraseña que contenga el nombre de la cuenta ({source})", "a password that holds the name of the account is refused ({source})")},
	})
}

func historyMessages() message.Catalogue {
	remember := say("exija un historial de {bar} contraseñas (secpol.msc, Directiva de contraseñas, o «net accounts /uniquepw:{bar}»; en Linux, pam_pwhistory con remember={bar})",
		"enforce a history of {bar} passwords (secpol.msc, Password Policy, or \"net accounts /uniquepw:{bar}\"; on Linux, pam_pwhistory with remember={bar})")
	keep := say("fije una vigencia mínima de {bar} día (secpol.msc, Directiva de contraseñas; en Linux, PASS_MIN_DAYS en /etc/login.defs y «chage -m {bar} CUENTA» en las cuentas que ya existen)",
		"set a minimum age of {bar} day (secpol.msc, Password Policy; on Linux, PASS_MIN_DAYS in /etc/login.defs and \"chage -m {bar} ACCOUNT\" for accounts that exist)")
	return common(message.Catalogue{
		"history.off": {Say: say("se puede volver a poner la misma contraseña ({by})", "the same password can be set again ({by})"),
			Do: say("exija un historial de contraseñas de 5 o más (secpol.msc, Directiva de contraseñas; en Linux, pam_pwhistory con remember=5)",
				"enforce a password history of 5 or more (secpol.msc, Password Policy; on Linux, pam_pwhistory with remember=5)")},
		"history.few":            {Say: say("se recuerdan {value} contraseñas y el mínimo es {bar} ({source})", "{value} passwords are remembered and the minimum is {bar} ({source})"), Do: remember},
		"history.legal_only":     {Say: say("se recuerdan {value} contraseñas: cumple, pero se recomiendan {bar} ({source})", "{value} passwords are remembered: legal, but {bar} are recommended ({source})"), Do: remember},
		"history.enough":         {Say: say("se recuerdan las {value} últimas contraseñas", "the last {value} passwords are remembered")},
		"history.cycles":         {Say: say("se puede cambiar la contraseña varias veces seguidas y volver a la antigua: vigencia mínima de {hours} h ({source})", "the password can be changed several times in a row, back to the old one: minimum age of {hours} h ({source})"), Do: keep},
		"history.kept":           {Say: say("la contraseña se conserva {hours} h como mínimo", "the password is kept for {hours} h at least")},
		"history.account_cycles": {Say: say("la cuenta «{account}» puede cambiar la contraseña varias veces seguidas y volver a la antigua", "the account \"{account}\" can change its password several times in a row, back to the old one"), Do: keep},
	})
}

func lockoutMessages() message.Catalogue {
	do := say("bloquee la cuenta tras {bar} intentos (secpol.msc, Directiva de bloqueo de cuenta, o «net accounts /lockoutthreshold:{bar}»; en Linux, deny = {bar} en /etc/security/faillock.conf)",
		"lock the account after {bar} attempts (secpol.msc, Account Lockout Policy, or \"net accounts /lockoutthreshold:{bar}\"; on Linux, deny = {bar} in /etc/security/faillock.conf)")
	window := say("en Windows, secpol.msc, Directiva de bloqueo de cuenta, «Restablecer el bloqueo de cuenta después de» a {bar} minutos o más; en Linux, fail_interval en segundos en /etc/security/faillock.conf (15 minutos son 900)",
		"on Windows, secpol.msc, Account Lockout Policy, \"Reset account lockout counter after\" {bar} minutes or more; on Linux, fail_interval in seconds in /etc/security/faillock.conf (15 minutes are 900)")
	return common(message.Catalogue{
		"lockout.off": {Say: say("las cuentas nunca se bloquean por intentos fallidos ({source})", "accounts never lock after failed attempts ({source})"),
			Do: say("active el bloqueo: en Windows, secpol.msc, Directiva de bloqueo de cuenta; en Debian o Ubuntu, pam_faillock en /etc/pam.d/common-auth (preauth antes de pam_unix y authfail después); en Rocky, «authselect enable-feature with-faillock»",
				"switch the lockout on: on Windows, secpol.msc, Account Lockout Policy; on Debian or Ubuntu, pam_faillock in /etc/pam.d/common-auth (preauth before pam_unix and authfail after it); on Rocky, \"authselect enable-feature with-faillock\"")},
		"lockout.many":       {Say: say("la cuenta se bloquea a los {value} intentos y el máximo es {bar} ({source})", "the account locks after {value} attempts and the limit is {bar} ({source})"), Do: do},
		"lockout.legal_only": {Say: say("la cuenta se bloquea a los {value} intentos: cumple, pero se recomiendan {bar} ({source})", "the account locks after {value} attempts: legal, but {bar} are recommended ({source})"), Do: do},
		"lockout.enough":     {Say: say("la cuenta se bloquea a los {value} intentos ({source})", "the account locks after {value} attempts ({source})")},
		"lockout.root_free": {Say: say("el bloqueo no alcanza a root, que tiene contraseña", "the lock does not hold for root, who has a password"),
			Do: say("añada even_deny_root a /etc/security/faillock.conf, o quite la contraseña a root con «passwd -l root» si se administra con sudo",
				"add even_deny_root to /etc/security/faillock.conf, or lock root's password with \"passwd -l root\" where sudo is used")},
		"lockout.administrator_free": {Say: say("el bloqueo no alcanza a la cuenta de administrador de fábrica, que está activa", "the lock does not hold for the built-in administrator, which is enabled"),
			Do: say("en secpol.msc, Directiva de bloqueo de cuenta, active «Permitir bloqueo de la cuenta de administrador», o desactive esa cuenta",
				"in secpol.msc, Account Lockout Policy, enable \"Allow Administrator account lockout\", or disable that account")},
		"lockout.admin_group_free": {Say: say("el bloqueo no alcanza a quien está en el grupo «{group}»", "the lock does not hold for members of the group \"{group}\""),
			Do: say("quite admin_group de /etc/security/faillock.conf, o añada even_deny_root", "remove admin_group from /etc/security/faillock.conf, or add even_deny_root")},
		"lockout.window_none": {Say: say("los intentos fallidos se olvidan en el acto: ninguna cuenta llega a bloquearse ({source})", "failed attempts are forgotten at once: no account ever locks ({source})"), Do: window},
		"lockout.window_short": {Say: say("los intentos fallidos se olvidan a los {seconds} segundos: quien espera eso entre intento e intento no se bloquea nunca; se recomiendan {bar} minutos ({source})",
			"failed attempts are forgotten after {seconds} seconds: who waits that long between tries never locks; {bar} minutes are recommended ({source})"), Do: window},
		"lockout.sshd_alone": {Say: say("el servidor SSH comprueba contraseñas sin PAM: no bloquea ninguna cuenta", "the SSH server checks passwords without PAM: it locks no account"),
			Do: say("ponga «UsePAM yes» en /etc/ssh/sshd_config, o «PasswordAuthentication no», y reinicie el servicio ssh",
				"set \"UsePAM yes\" in /etc/ssh/sshd_config, or \"PasswordAuthentication no\", and restart the ssh service")},
		"lockout.sshd_tries": {Say: say("cada conexión SSH admite {value} intentos: se recomiendan {bar} como máximo", "each SSH connection allows {value} attempts: {bar} at most are recommended"),
			Do: say("ponga «MaxAuthTries {bar}» en /etc/ssh/sshd_config y reinicie el servicio ssh", "set \"MaxAuthTries {bar}\" in /etc/ssh/sshd_config and restart the ssh service")},
		"lockout.sshd_few": {Say: say("cada conexión SSH admite {value} intentos", "each SSH connection allows {value} attempts")},
	})
}

func releaseMessages() message.Catalogue {
	return common(message.Catalogue{
		"release.never_locks": {Say: say("las cuentas nunca se bloquean ({source})", "accounts never lock ({source})"),
			Do: say("active primero el bloqueo por intentos fallidos", "switch the lockout after failed attempts on first")},
		"release.many": {Say: say("la cuenta se bloquea a los {value} intentos y el máximo es {bar} ({source})", "the account locks after {value} attempts and the limit is {bar} ({source})"),
			Do: say("bloquee la cuenta tras {bar} intentos (secpol.msc, Directiva de bloqueo de cuenta, o «net accounts /lockoutthreshold:{bar}»; en Linux, deny = {bar} en /etc/security/faillock.conf)",
				"lock the account after {bar} attempts (secpol.msc, Account Lockout Policy, or \"net accounts /lockoutthreshold:{bar}\"; on Linux, deny = {bar} in /etc/security/faillock.conf)")},
		"release.by_hand": {Say: say("la cuenta bloqueada espera a que un administrador la desbloquee ({source})", "a locked account waits for an administrator to unlock it ({source})")},
		"release.by_itself": {Say: say("la cuenta bloqueada se abre sola a los {minutes} minutos ({source})", "a locked account opens by itself after {minutes} minutes ({source})"),
			Do: say("que solo un administrador la desbloquee: en Windows, «Duración del bloqueo de cuenta» a 0; en Linux, unlock_time = 0 en /etc/security/faillock.conf. Anote cada bloqueo en el libro de incidencias",
				"have only an administrator unlock it: on Windows, \"Account lockout duration\" 0; on Linux, unlock_time = 0 in /etc/security/faillock.conf. Note each lockout in the incident book")},
		"release.soon": {Say: say("la cuenta bloqueada se abre a los {minutes} minutos y el mínimo es {bar} ({source})", "a locked account opens after {minutes} minutes and the minimum is {bar} ({source})"),
			Do: say("en Windows, «Duración del bloqueo de cuenta» a {bar} minutos; en Linux, unlock_time en segundos en /etc/security/faillock.conf (60 minutos son 3600)",
				"on Windows, \"Account lockout duration\" {bar} minutes; on Linux, unlock_time in seconds in /etc/security/faillock.conf (60 minutes are 3600)")},
		"release.late": {Say: say("la cuenta bloqueada sigue así {minutes} minutos ({source})", "a locked account stays so for {minutes} minutes ({source})")},
	})
}

func blankMessages() message.Catalogue {
	account := say("ponga una contraseña a la cuenta, o desactívela", "give the account a password, or disable it")
	return common(message.Catalogue{
		"blank.none":  {Say: say("ninguna cuenta se abre sin contraseña", "no account opens without a password")},
		"blank.empty": {Say: say("la cuenta «{account}» no tiene contraseña", "the account \"{account}\" has no password"), Do: account},
		"blank.not_required": {Say: say("a la cuenta «{account}» no se le exige contraseña", "the account \"{account}\" needs no password"),
			Do: say("ponga una contraseña a la cuenta y, como administrador, ejecute «net user {account} /passwordreq:yes», o desactívela",
				"give the account a password and run \"net user {account} /passwordreq:yes\" as administrator, or disable it")},
		"blank.network": {Say: say("se aceptan contraseñas en blanco por la red", "blank passwords are accepted over the network"),
			Do: say("en secpol.msc, Opciones de seguridad, active «Cuentas: limitar el uso de cuentas locales con contraseña en blanco solo para iniciar sesión en la consola»",
				"in secpol.msc, Security Options, enable \"Accounts: Limit local account use of blank passwords to console logon only\"")},
		"blank.not_told": {Say: say("la directiva admite contraseñas vacías (longitud mínima 0) y Windows no dice qué cuentas la tienen", "the policy takes empty passwords (minimum length 0), and Windows does not tell which accounts have one"),
			Do: say("fije una longitud mínima en secpol.msc, Directiva de contraseñas, y haga que cada persona cambie la suya", "set a minimum length in secpol.msc, Password Policy, and have each person change the own one")},
		"blank.nullok": {Say: say("{source} deja entrar a una cuenta sin contraseña si la hubiera (nullok)", "{source} would let in an account without a password (nullok)"),
			Do: say("quite la palabra nullok de la línea de pam_unix en {source}; en Rocky, «authselect enable-feature without-nullok»",
				"remove the word nullok from the line of pam_unix in {source}; on Rocky, \"authselect enable-feature without-nullok\"")},
	})
}

func storeMessages() message.Catalogue {
	change := say("que la persona cambie su contraseña: la nueva se guarda con el método actual", "have the person change the password: the new one is kept by the present method")
	return common(message.Catalogue{
		"store.protected": {Say: say("las contraseñas se guardan cifradas con un método fuerte y protegidas", "passwords are kept by a strong method, and protected")},
		"store.lm_hash": {Say: say("se guarda el resumen LM de las contraseñas, que se descifra en minutos", "the LM hash of passwords is kept, which falls within minutes"),
			Do: say("en secpol.msc, Opciones de seguridad, active «No almacenar valor de hash de LAN Manager en el próximo cambio de contraseña» y cambie las contraseñas",
				"in secpol.msc, Security Options, enable \"Do not store LAN Manager hash value on next password change\" and change the passwords")},
		"store.reversible": {Say: say("la directiva guarda las contraseñas con cifrado reversible", "the policy keeps passwords with reversible encryption"),
			Do: say("en secpol.msc, Directiva de contraseñas, desactive «Almacenar contraseñas con cifrado reversible» y cambie las contraseñas",
				"in secpol.msc, Password Policy, disable \"Store passwords using reversible encryption\" and change the passwords")},
		"store.reversible_account": {Say: say("la contraseña de «{account}» se guarda con cifrado reversible", "the password of \"{account}\" is kept with reversible encryption"),
			Do: say("en las propiedades de la cuenta quite «Almacenar contraseña usando cifrado reversible» y cambie la contraseña",
				"in the account's properties clear \"Store password using reversible encryption\" and change the password")},
		"store.clear_in_memory": {Say: say("WDigest conserva en memoria la contraseña de quien ha iniciado sesión", "WDigest keeps in memory the password of who is logged on"),
			Do: say("en el registro, ponga UseLogonCredential a 0 en HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\WDigest y reinicie",
				"in the registry, set UseLogonCredential to 0 in HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\WDigest and restart")},
		"store.unprotected": {Say: say("el proceso que custodia las contraseñas (LSA) no está protegido por directiva", "the process that holds the passwords (LSA) is not protected by policy"),
			Do: say("active «Protección de la autoridad de seguridad local» en Seguridad de Windows, Seguridad del dispositivo, Aislamiento del núcleo (o RunAsPPL = 1) y reinicie",
				"switch on \"Local Security Authority protection\" in Windows Security, Device security, Core isolation (or RunAsPPL = 1) and restart")},
		"store.open_file": {Say: say("{path} guarda contraseñas y lo pueden leer o cambiar otros (modo {mode}, dueño {owner}, grupo {group})", "{path} holds passwords and others can read or change it (mode {mode}, owner {owner}, group {group})"),
			Do: say("ejecute «chown root:shadow {path}» y «chmod 640 {path}» (en Rocky, root:root y modo 0)", "run \"chown root:shadow {path}\" and \"chmod 640 {path}\" (on Rocky, root:root and mode 0)")},
		"store.in_passwd": {Say: say("la contraseña cifrada de «{account}» está en /etc/passwd, que todos leen", "the hashed password of \"{account}\" is in /etc/passwd, which everybody reads"),
			Do: say("ejecute «pwconv» y que la persona cambie su contraseña", "run \"pwconv\" and have the person change the password")},
		"store.weak":        {Say: say("la contraseña de «{account}» se guarda con un método débil ({method})", "the password of \"{account}\" is kept by a weak method ({method})"), Do: change},
		"store.weak_locked": {Say: say("la cuenta bloqueada «{account}» conserva una contraseña guardada con un método débil ({method})", "the locked account \"{account}\" has a password kept by a weak method ({method})"), Do: say("elimine la cuenta, o cambie su contraseña antes de desbloquearla", "delete the account, or change its password before it is unlocked")},
		"store.weak_method": {Say: say("las contraseñas nuevas se guardan con un método débil ({method}, {source})", "new passwords are kept by a weak method ({method}, {source})"),
			Do: say("ponga yescrypt o sha512 en la línea de pam_unix de las contraseñas y en ENCRYPT_METHOD de /etc/login.defs", "put yescrypt or sha512 in the line of pam_unix for passwords and in ENCRYPT_METHOD of /etc/login.defs")},
		"store.no_method": {Say: say("no se ha fijado con qué método se guardan las contraseñas nuevas, y el de fábrica es débil (DES)", "no method is set for keeping new passwords, and the built-in one is weak (DES)"),
			Do: say("ponga ENCRYPT_METHOD YESCRYPT (o SHA512) en /etc/login.defs", "set ENCRYPT_METHOD YESCRYPT (or SHA512) in /etc/login.defs")},
	})
}
