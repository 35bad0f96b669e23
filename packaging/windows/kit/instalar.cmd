@echo off
rem Instala el agente de Vigía en este equipo desde la memoria en la que está este archivo.
rem Pide permiso de administrador, hace una pregunta y enseña el resultado. Lo que debe
rem saber está en vigia-kit.ini. Códigos de salida: 0 bien, 1 no se instaló, 2 se instaló
rem y falta algo. En la memoria está en la página de códigos 850.
setlocal EnableExtensions DisableDelayedExpansion
set "PAGINA="
for /f "tokens=2 delims=:." %%a in ('chcp 2^>nul') do set "PAGINA=%%a"
chcp 850 >nul 2>&1
title Instalar Vigia
set "KIT=%~dp0"
set "SELF=%~f0"
set "RC=1"
echo.
echo   Vigía: instalación en el equipo %COMPUTERNAME%
echo   ----------------------------------------------------------------
echo.

rem --- Administrador -------------------------------------------------------------------
rem Solo quien administra lee la rama de otro usuario del sistema.
reg query HKU\S-1-5-19 >nul 2>&1
if not errorlevel 1 goto administrador
if "%~1"=="/elevado" goto no_administrador
echo   Windows va a preguntar si permite los cambios: responda "Sí".
echo   Se abre otra ventana, y en ella sigue la instalación.
powershell -NoProfile -NonInteractive -Command "try { Start-Process -FilePath $env:SELF -ArgumentList '/elevado' -Verb RunAs -ErrorAction Stop } catch { exit 1 }"
if errorlevel 1 goto sin_permiso
set "RC=0"
goto salir

:sin_permiso
echo.
echo   No se ha instalado nada: Windows no recibió el permiso.
echo   Qué hacer: haga doble clic otra vez y responda "Sí". Si pide una contraseña,
echo   llame a quien administra el equipo.
goto esperar

:no_administrador
echo   No se ha instalado nada: este usuario no es administrador del equipo.
echo   Qué hacer: clic derecho en "Instalar Vigia.cmd", "Ejecutar como administrador", y
echo   escriba el usuario y la contraseña de quien administra el equipo.
goto esperar

:administrador
rem --- Qué instalador ------------------------------------------------------------------
set "CPU=%PROCESSOR_ARCHITECTURE%"
if defined PROCESSOR_ARCHITEW6432 set "CPU=%PROCESSOR_ARCHITEW6432%"
set "ARCH="
if /i "%CPU%"=="AMD64" set "ARCH=amd64"
if /i "%CPU%"=="ARM64" set "ARCH=arm64"
if /i "%CPU%"=="x86" set "ARCH=386"
set "MSI="
set "OTRO="
if not defined ARCH goto sin_msi
pushd "%KIT%"
for %%f in (vigia-agent-*-%ARCH%.msi) do (
	if defined MSI set "OTRO=1"
	set "MSI=%KIT%%%f"
)
popd
if not defined MSI goto sin_msi
if defined OTRO goto dos_msi
set "PROGRAMAS=%ProgramFiles%"
if defined ProgramW6432 set "PROGRAMAS=%ProgramW6432%"
set "AGENTE=%PROGRAMAS%\Vigia\vigia-agent.exe"
goto datos

:sin_msi
echo   No se ha instalado nada: en la memoria no está el instalador para este equipo.
echo   Qué hacer: copie junto a este archivo el vigia-agent-VERSION-%ARCH%.msi
echo   (este equipo es %CPU%).
goto esperar

:dos_msi
echo   No se ha instalado nada: en la memoria hay más de un instalador para este equipo.
echo   Qué hacer: deje solo el más nuevo de los vigia-agent-*-%ARCH%.msi
goto esperar

:datos
rem --- Lo que dice el kit --------------------------------------------------------------
rem Un valor solo se usa como !valor!: así ninguna de sus letras es parte de una orden.
set "KIT_organizacion="
set "KIT_colector="
set "KIT_proxy="
set "KIT_departamentos=0"
set "KIT_token="
for /f "usebackq tokens=1* delims==" %%a in ("%KIT%vigia-kit.ini") do set "KIT_%%a=%%b"
if exist "%KIT%vigia-token.txt" set "KIT_token=%KIT%vigia-token.txt"
rem COMPUTERNAME corta el nombre a 15 letras, y la tabla puede llevar el dominio. Aquí solo
rem se mira si la tabla trae este equipo: qué fila es la suya lo decide el agente.
set "NOMBRE=%COMPUTERNAME%"
for /f "tokens=1 delims=." %%h in ('hostname 2^>nul') do set "NOMBRE=%%h"
if exist "%KIT%vigia-tokens.csv" (
	for /f "usebackq skip=1 delims=,." %%a in ("%KIT%vigia-tokens.csv") do if /i "%%a"=="%NOMBRE%" set "KIT_token=%KIT%vigia-tokens.csv"
)
set "DEP="
set "VECES=0"
set /a TOTAL=KIT_departamentos >nul 2>&1
for /f "usebackq tokens=1* delims==" %%a in ("%KIT%vigia-kit.ini") do if "%%a"=="organizacion" echo   %%b
if exist "%AGENTE%" echo   Vigía ya está en este equipo: si el instalador es más nuevo, se actualiza.
if exist "%AGENTE%" echo   El alta y los datos se conservan.
if %TOTAL% lss 1 goto sin_pregunta

rem --- La pregunta ---------------------------------------------------------------------
rem set /a lee la variable por su nombre: de lo que se escriba solo queda un número.
echo   ¿De qué departamento es este equipo?
echo.
for /f "usebackq tokens=1,2* delims=.=" %%a in ("%KIT%vigia-kit.ini") do if "%%a"=="departamento" echo     %%b. %%c
echo.
:sin_pregunta
setlocal EnableDelayedExpansion
if %TOTAL% lss 1 goto instalar
:pregunta
set "N="
set /p "N=  Número (Intro si no está en la lista): "
if not defined N goto instalar
set "NUM=0"
set /a NUM=N >nul 2>&1
if %NUM% lss 1 goto otra_vez
if %NUM% gtr %TOTAL% goto otra_vez
set "DEP=!KIT_departamento.%NUM%!"
echo   Departamento: !DEP!
goto instalar
:otra_vez
set /a VECES+=1 >nul
if %VECES% geq 5 goto instalar
echo   Ese número no está en la lista.
goto pregunta

:instalar
rem --- Instalar ------------------------------------------------------------------------
echo.
echo   Instalando...
set "LOG=!TEMP!\vigia-instalacion.log"
set "TRIES=0"
set "PROPS="
if defined KIT_colector set PROPS=!PROPS! COLLECTOR="!KIT_colector!"
if defined KIT_token set PROPS=!PROPS! TOKENFILE="!KIT_token!"
if defined KIT_proxy set PROPS=!PROPS! PROXY="!KIT_proxy!"
if defined DEP set PROPS=!PROPS! DEPARTMENT="!DEP!"
:otro_intento
start "" /wait msiexec /i "!MSI!" /qn /norestart /l*v "!LOG!" !PROPS!
set "CODE=!errorlevel!"
if not "!CODE!"=="1618" goto instalado
set /a TRIES+=1 >nul
if %TRIES% geq 6 goto instalado
echo   Otra instalación está en marcha; se espera a que acabe...
ping -n 21 127.0.0.1 >nul 2>&1
goto otro_intento

:instalado
if "!CODE!"=="0" goto hecho
if "!CODE!"=="3010" goto reiniciar
if "!CODE!"=="1641" goto reiniciar
echo.
echo   No se ha instalado (código !CODE! de Windows).
if "!CODE!"=="1602" echo   La instalación se canceló. Qué hacer: vuelva a empezar.
if "!CODE!"=="1603" echo   Windows no pudo terminarla. Qué hacer: si el equipo ya tiene una versión más nueva,
if "!CODE!"=="1603" echo   no hace falta nada. Si no, reinicie el equipo y vuelva a empezar.
if "!CODE!"=="1618" echo   Hay otra instalación en marcha. Qué hacer: espere a que acabe, o reinicie el equipo,
if "!CODE!"=="1618" echo   y vuelva a empezar.
if "!CODE!"=="1619" echo   El instalador no se puede abrir. Qué hacer: cópielo otra vez a la memoria.
if "!CODE!"=="1620" echo   El instalador está dañado. Qué hacer: cópielo otra vez a la memoria.
if "!CODE!"=="1625" echo   Una directiva de este equipo prohíbe instalar. Qué hacer: pida a quien administra
if "!CODE!"=="1625" echo   el dominio que instale Vigía por directiva de grupo.
if "!CODE!"=="1633" echo   El instalador no es para este tipo de equipo. Qué hacer: use el de !ARCH!.
if "!CODE!"=="1638" echo   Esta misma versión ya está instalada, hecha por otro. Qué hacer: si el equipo sale
if "!CODE!"=="1638" echo   en el portal, nada. Si no, quítela en Aplicaciones y vuelva a empezar.
copy /y "!LOG!" "!KIT!error-!COMPUTERNAME!.log" >nul 2>&1
if exist "!KIT!error-!COMPUTERNAME!.log" echo   El detalle queda en la memoria: error-!COMPUTERNAME!.log
goto esperar

:reiniciar
echo   Instalado. Windows pide reiniciar el equipo: hágalo cuando termine esto.
:hecho
set "RC=2"
if not exist "!AGENTE!" goto sin_programa
echo   Instalado.
if not defined KIT_colector goto llevar
if not defined KIT_token goto sin_token

rem --- La primera medición --------------------------------------------------------------
echo   Esperando a la primera medición, dos minutos como mucho...
set "TRIES=0"
:mira
"!AGENTE!" status --format json 2>nul | find "succeeded" >nul 2>&1
if not errorlevel 1 goto llego
set /a TRIES+=1 >nul
if %TRIES% geq 24 goto no_llego
ping -n 6 127.0.0.1 >nul 2>&1
goto mira

:llego
set "RC=0"
echo.
echo   Este equipo está dado de alta y lo que se mide llega al colector:
echo.
"!AGENTE!" status
goto controles

:no_llego
echo.
echo   Instalado, pero el colector no lo tiene todavía. El servicio sigue intentándolo solo.
echo   Esto es lo que se sabe:
echo.
"!AGENTE!" status
echo.
echo   Qué hacer: si espera aprobación, apruebe el equipo en el portal. Si no, mire que el
echo   cable de red esté puesto y que el colector esté encendido: !KIT_colector!
goto controles

:sin_token
echo.
echo   El kit no trae un código de alta para este equipo (!COMPUTERNAME!).
echo   Qué hacer: haga un kit nuevo con "vigia kit", o dé de alta el equipo a mano con
echo   "vigia-agent enroll".
goto controles

:sin_programa
echo   El instalador dice que sí, pero el programa no está en !AGENTE!
echo   Qué hacer: quite Vigía en Aplicaciones y vuelva a empezar.
goto esperar

rem --- Sin red: lo medido va en la memoria ----------------------------------------------
:llevar
echo   Este equipo no llega al colector: lo medido se lleva en esta memoria.
echo   Midiendo; puede tardar un minuto...
echo.
set DEPARG=
if defined DEP set DEPARG=--department "!DEP!"
"!AGENTE!" export "!KIT!." !DEPARG!
if errorlevel 2 goto sin_exportar
if errorlevel 1 goto exportado_con_avisos
set "RC=0"
:que_hacer_ahora
echo.
echo   Qué hacer ahora: lleve esta memoria al servidor de Vigía y ejecute allí
echo   "vigia import" con su carpeta. Después vuelva con ella a este equipo y haga doble
echo   clic otra vez: así sabe que lo suyo llegó.
goto controles
:exportado_con_avisos
echo.
echo   Lo medido está en la memoria, y algo de lo que ella traía no se aceptó: lea lo de
echo   arriba. Si no lo entiende, enséñeselo a quien administra Vigía.
goto que_hacer_ahora
:sin_exportar
echo.
echo   Instalado, pero no se pudo escribir en la memoria. Qué hacer: mire que no esté llena
echo   ni protegida, y haga doble clic otra vez.
goto esperar

rem --- Lo principal, en pantalla --------------------------------------------------------
:controles
echo.
echo   Lo principal de este equipo, ahora:
echo.
"!AGENTE!" check AC-LOCK-15 AC-LOGON-REQ AC-PWD-LEN AC-FAIL-3 SYS-AV SYS-FW SYS-PATCH SYS-CLOCK AC-DISK-ENC
if errorlevel 3 goto algo_no_se_sabe
if errorlevel 2 goto esperar
if errorlevel 1 goto algo_no_cumple
echo.
echo   Todo esto cumple.
goto esperar
:algo_no_se_sabe
echo.
echo   Nada de esto falla, y algo no se pudo saber.
goto esperar
:algo_no_cumple
echo.
echo   Algo no cumple todavía: es lo normal el primer día. Cada línea dice qué hacer.

:esperar
echo.
echo   ----------------------------------------------------------------
echo   Pulse una tecla para cerrar esta ventana.
pause >nul
:salir
if defined PAGINA chcp %PAGINA% >nul 2>&1
exit /b %RC%
