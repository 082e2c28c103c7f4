@echo off
rem Builds the program (a few seconds when nothing changed), then runs it.
setlocal
where dotnet >nul 2>nul || (
    echo ldm: the .NET 10 SDK is needed, but there is no 'dotnet' on the PATH. Install it: https://dotnet.microsoft.com/download 1>&2
    exit /b 1
)
if not exist "%~dp0artifacts" mkdir "%~dp0artifacts"
pushd "%~dp0"
dotnet publish src\LatentDiffusion.Cli -c Release -v q -nologo -clp:NoSummary >artifacts\ldm-build.log 2>&1 || (
    type artifacts\ldm-build.log 1>&2
    popd
    exit /b 1
)
popd
dotnet "%~dp0artifacts\publish\LatentDiffusion.Cli\release\ldm.dll" %*
exit /b %ERRORLEVEL%
