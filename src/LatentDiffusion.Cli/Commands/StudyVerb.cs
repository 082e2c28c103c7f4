using System.CommandLine;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Cli.Study;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm study</c>: which of two results people prefer.</summary>
internal sealed class StudyVerb : Verb
{
    private readonly Argument<string> _first = new("first") { Description = "Folder of one method's images" };

    private readonly Argument<string> _second = new("second")
    {
        Description = "Folder of the other's, with the same names",
    };

    private readonly Option<string?> _inputs = new("--inputs")
    {
        Description = "Folder of what both were made from, shown in the middle",
        HelpName = "DIR",
    };

    private readonly Option<string> _votes = new("--votes")
    {
        Description = "File of the votes; one that exists is continued",
        HelpName = "FILE",
        DefaultValueFactory = _ => Path.Combine("out", "study", "votes.jsonl"),
    };

    private readonly Option<string> _question = new("--question")
    {
        Description = "What people are asked",
        HelpName = "TEXT",
        DefaultValueFactory = _ => "Which image is of better quality?",
    };

    private readonly Option<int> _port = new("--port")
    {
        Description = "Port on this machine; 0 takes a free one",
        HelpName = "N",
        DefaultValueFactory = _ => 7861,
    };

    private readonly Option<int?> _until = new("--until")
    {
        Description = "Stop after so many votes in all (default: when stopped by Ctrl+C)",
        HelpName = "N",
    };

    private readonly Option<bool> _report = new("--report")
    {
        Description = "Only tell the result of the votes so far",
    };

    public StudyVerb()
        : base(
            "study",
            "Ask people which of two results they prefer: a page on this machine, and a confidence interval",
            "ldm study out/ldm-sr out/bicubic --inputs photos/small --votes out/study/sr.jsonl"
        )
    {
        Arguments.Add(_first);
        Arguments.Add(_second);
        foreach (var option in (Option[])[_inputs, _votes, _question, _port, _until, _report])
        {
            Options.Add(option);
        }

        Positive.Require(_until);
    }

    public override async Task<int> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        var arguments = context.Arguments;
        var path = arguments.GetRequiredValue(_votes);
        if (arguments.GetValue(_report))
        {
            var (found, cast, _) = VoteFile.Read(path);
            context.Output.Result(new StudyReport(found, cast), report => report.InWords);
            return ExitCode.Done;
        }

        var port = arguments.GetValue(_port);
        if (port is < 0 or > ushort.MaxValue)
        {
            throw new UserInputException($"--port {port}: choose 0 to {ushort.MaxValue}.");
        }

        var head = new StudyHead(
            arguments.GetRequiredValue(_first),
            arguments.GetRequiredValue(_second),
            arguments.GetRequiredValue(_question),
            context.Seed ?? 0
        );
        var pairs = StudyPairs.Open(head.First, head.Second, arguments.GetValue(_inputs));
        OutputFolder.CreateFor(path);
        using var votes = VoteFile.Open(path, head);
        await ServeAsync(context, new StudyServer(pairs, votes), port, arguments.GetValue(_until), cancellation);
        context.Output.Result(new StudyReport(head, votes.Votes), report => report.InWords);
        return ExitCode.Done;
    }

    // Stopping is how a study ends; it is no failure.
    private static async Task ServeAsync(
        VerbContext context,
        StudyServer server,
        int port,
        int? until,
        CancellationToken cancellation
    )
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            await server.RunAsync(
                port,
                address => context.Output.Log($"The study is at {address} (Ctrl+C ends it)"),
                count =>
                {
                    if (count >= until)
                    {
                        stop.CancelAfter(TimeSpan.FromSeconds(1));
                    }
                },
                stop.Token
            );
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested) { }
    }
}
