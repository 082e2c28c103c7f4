using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LatentDiffusion.Cli.Study;

/// <summary>A choice that the page sends.</summary>
/// <param name="Participant">Who.</param>
/// <param name="Number">Which of their trials.</param>
/// <param name="Choice">"left" or "right".</param>
/// <param name="Milliseconds">How long the pictures were looked at.</param>
internal sealed record StudyChoice(string Participant, int Number, string Choice, long Milliseconds);

/// <summary>Shows the study's page on this machine and writes down what is chosen.</summary>
/// <param name="pairs">What is compared.</param>
/// <param name="votes">Receives the votes.</param>
internal sealed partial class StudyServer(StudyPairs pairs, VoteFile votes)
{
    private readonly StudyTrials _trials = new(pairs.Names, votes.Head.Seed);
    private readonly Lock _lock = new();

    /// <summary>Serves until it is stopped.</summary>
    /// <param name="port">Of localhost; 0 takes a free one.</param>
    /// <param name="started">Told the page's address.</param>
    /// <param name="voted">Told after every vote how many there are.</param>
    /// <param name="stop">Ends it.</param>
    /// <exception cref="IOException">The port is taken.</exception>
    public async Task RunAsync(int port, Action<string> started, Action<int> voted, CancellationToken stop)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.Services.ConfigureHttpJsonOptions(json =>
            json.SerializerOptions.PropertyNamingPolicy = System.Text.Json.JsonNamingPolicy.SnakeCaseLower
        );
        await using var app = builder.Build();
        app.MapGet(
            "/",
            () => Results.Content(StudyPage.Render(votes.Head.Question, pairs.HaveInputs), "text/html; charset=utf-8")
        );
        app.MapGet("/trial", (string participant) => Answer(participant, () => Results.Json(Describe(participant))));
        app.MapGet(
            "/image/{participant}/{number:int}/{place}",
            (string participant, int number, string place) =>
                Answer(participant, () => Picture(participant, number, place))
        );
        app.MapPost("/vote", (StudyChoice choice) => Answer(choice.Participant, () => Take(choice, voted)));
        await app.StartAsync(stop);
        started($"{app.Urls.First()}/");
        await app.WaitForShutdownAsync(stop);
    }

    [GeneratedRegex("^[A-Za-z0-9-]{1,64}$")]
    private static partial Regex ParticipantPattern();

    private IResult Answer(string participant, Func<IResult> answer)
    {
        if (!ParticipantPattern().IsMatch(participant))
        {
            return Results.BadRequest("A participant is 1 to 64 letters, digits and hyphens.");
        }

        lock (_lock)
        {
            return answer();
        }
    }

    private object Describe(string participant)
    {
        var next = _trials.Next(participant, votes.Votes);
        return new
        {
            Done = next is null,
            Number = next?.Number ?? 0,
            Finished = votes.Votes.Count(vote => vote.Participant == participant),
            Total = pairs.Names.Count,
        };
    }

    private IResult Picture(string participant, int number, string place)
    {
        var trial = _trials.Of(participant).ElementAtOrDefault(number - 1);
        StudyPicture? picture = place switch
        {
            "input" when pairs.HaveInputs => StudyPicture.Input,
            "left" => trial?.FirstIsLeft == true ? StudyPicture.First : StudyPicture.Second,
            "right" => trial?.FirstIsLeft == true ? StudyPicture.Second : StudyPicture.First,
            _ => null,
        };
        return trial is not null && picture is { } wanted
            ? Results.Bytes(pairs.Read(trial.Pair, wanted), "image/png")
            : Results.NotFound();
    }

    private IResult Take(StudyChoice choice, Action<int> voted)
    {
        var next = _trials.Next(choice.Participant, votes.Votes);
        if (choice.Choice is not ("left" or "right"))
        {
            return Results.BadRequest("A choice is left or right.");
        }

        // A second click on a slow connection must not count for the pair that comes next.
        if (next is null || next.Number != choice.Number)
        {
            return Results.Conflict("That trial is not open.");
        }

        votes.Add(
            new Vote(
                DateTime.UtcNow,
                choice.Participant,
                next.Pair,
                First: choice.Choice == "left" == next.FirstIsLeft,
                next.FirstIsLeft,
                choice.Milliseconds
            )
        );
        voted(votes.Votes.Count);
        return Results.Json(Describe(choice.Participant));
    }
}
