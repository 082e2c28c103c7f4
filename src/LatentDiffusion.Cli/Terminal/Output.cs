using System.Text.Json;
using Spectre.Console;

namespace LatentDiffusion.Cli.Terminal;

/// <summary>
/// Everything a verb says. The result goes to standard output, as words or as one JSON object; log lines and progress
/// go there too, or to standard error when the result is JSON.
/// </summary>
internal sealed class Output
{
    private static readonly JsonSerializerOptions JsonOptions = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    private readonly TextWriter _results;
    private readonly TextWriter _messages;
    private readonly TextWriter _warnings;
    private readonly IAnsiConsole? _terminal;
    private readonly bool _json;
    private readonly bool _quiet;
    private readonly TimeProvider _time;
    private bool _resultWritten;

    /// <summary>Creates an output.</summary>
    /// <param name="results">Receives the result.</param>
    /// <param name="messages">Receives log lines and, unless <paramref name="terminal"/> is given, progress lines.</param>
    /// <param name="terminal">Shows live progress; null when nobody is watching.</param>
    /// <param name="json">Whether the result is JSON.</param>
    /// <param name="quiet">Whether to leave out log and progress.</param>
    /// <param name="time">The clock.</param>
    /// <param name="warnings">Receives warnings; null for <paramref name="messages"/>.</param>
    public Output(
        TextWriter results,
        TextWriter messages,
        IAnsiConsole? terminal,
        bool json,
        bool quiet,
        TimeProvider time,
        TextWriter? warnings = null
    )
    {
        _results = results;
        _messages = messages;
        _warnings = warnings ?? messages;
        _terminal = terminal;
        _json = json;
        _quiet = quiet;
        _time = time;
    }

    /// <summary>The output of this process.</summary>
    public static Output ForConsole(bool json, bool quiet)
    {
        var messages = json ? Console.Error : Console.Out;
        var redirected = json ? Console.IsErrorRedirected : Console.IsOutputRedirected;
        var watched = !redirected && !quiet && Environment.GetEnvironmentVariable("TERM") != "dumb";
        var terminal = watched
            ? AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(messages) })
            : null;
        return new Output(Console.Out, messages, terminal, json, quiet, TimeProvider.System, Console.Error);
    }

    /// <summary>Writes a line about what is going on.</summary>
    public void Log(string line)
    {
        if (_quiet)
        {
            return;
        }

        // Through the terminal, so that the line lands above a live progress bar.
        if (_terminal is not null)
        {
            _terminal.WriteLine(line);
        }
        else
        {
            _messages.WriteLine(line);
        }
    }

    /// <summary>
    /// Writes a line about what is done otherwise than asked, to standard error; not while progress is shown.
    /// </summary>
    public void Warn(string line)
    {
        if (!_quiet)
        {
            _warnings.WriteLine(line);
        }
    }

    /// <summary>Writes the verb's result, once.</summary>
    /// <param name="result">Becomes the JSON object; property names in snake_case.</param>
    /// <param name="inWords">The same for people.</param>
    public void Result<T>(T result, Func<T, string> inWords)
    {
        if (_resultWritten)
        {
            throw new InvalidOperationException("A verb has one result.");
        }

        _resultWritten = true;
        _results.WriteLine(_json ? JsonSerializer.Serialize(result, JsonOptions) : inWords(result));
    }

    /// <summary>Starts showing the progress of a long operation, until disposed. One at a time.</summary>
    public ProgressDisplay StartProgress() =>
        _quiet ? new SilentProgress()
        : _terminal is not null ? new LiveProgress(_terminal, _time)
        : new LineProgress(_messages, _time);
}
