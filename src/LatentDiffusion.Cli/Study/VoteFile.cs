using System.Text.Json;
using System.Text.Json.Serialization;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Cli.Study;

/// <summary>What a study compares; the first line of its votes.</summary>
/// <param name="First">The first folder, as it was named.</param>
/// <param name="Second">The second folder.</param>
/// <param name="Question">What people are asked.</param>
/// <param name="Seed">Decides orders and sides.</param>
internal sealed record StudyHead(string First, string Second, string Question, long Seed);

/// <summary>One vote.</summary>
/// <param name="Time">When, UTC.</param>
/// <param name="Participant">Who: an id that the browser made.</param>
/// <param name="Pair">Of which pair.</param>
/// <param name="First">Whether the first candidate was preferred.</param>
/// <param name="FirstWasLeft">On which side it stood.</param>
/// <param name="Milliseconds">How long the pictures were looked at.</param>
internal sealed record Vote(
    DateTime Time,
    string Participant,
    string Pair,
    bool First,
    bool FirstWasLeft,
    long Milliseconds
);

/// <summary>Votes in a file, a JSON object a line; each is on the disk before the next picture is shown.</summary>
internal sealed class VoteFile : IDisposable
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
    };

    private readonly FileStream _file;
    private readonly List<Vote> _votes;

    private VoteFile(FileStream file, StudyHead head, List<Vote> votes) => (_file, Head, _votes) = (file, head, votes);

    /// <summary>What is compared.</summary>
    public StudyHead Head { get; }

    /// <summary>All votes so far.</summary>
    public IReadOnlyList<Vote> Votes => _votes;

    /// <summary>How often the first candidate was preferred.</summary>
    public Preference Preference => new(_votes.Count(vote => vote.First), _votes.Count);

    /// <summary>Opens votes to add more, or begins a file.</summary>
    /// <exception cref="UserInputException">The file is of another study or is damaged.</exception>
    public static VoteFile Open(string path, StudyHead head)
    {
        var isNew = !File.Exists(path) || new FileInfo(path).Length == 0;
        var (found, votes, length) = isNew ? (head, [], 0) : Read(path);
        if (found != head)
        {
            throw new UserInputException(
                $"{path} holds votes of another study ({found.First} against {found.Second}, seed {found.Seed}): choose another file "
                    + "with --votes, or give the same folders, question and seed."
            );
        }

        var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
        file.SetLength(length);
        file.Seek(0, SeekOrigin.End);
        var opened = new VoteFile(file, head, votes);
        if (isNew)
        {
            opened.Write(head);
        }

        return opened;
    }

    /// <summary>Reads a file of votes.</summary>
    /// <returns>What is compared, the votes, and the length of the whole lines; a last line that was cut off is left out.</returns>
    /// <exception cref="UserInputException">The file is missing or damaged.</exception>
    public static (StudyHead Head, List<Vote> Votes, long Length) Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new UserInputException($"There are no votes at {path}. Check the path.");
        }

        var bytes = File.ReadAllBytes(path);
        var length = Array.LastIndexOf(bytes, (byte)'\n') + 1;
        var lines = System
            .Text.Encoding.UTF8.GetString(bytes, 0, length)
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        try
        {
            return lines is [var head, .. var votes]
                ? (Parse<StudyHead>(head), [.. votes.Select(Parse<Vote>)], length)
                : throw new JsonException("it is empty");
        }
        catch (JsonException e)
        {
            throw new UserInputException(
                $"{path} holds no votes or is damaged ({e.Message}): choose another file with --votes.",
                e
            );
        }
    }

    /// <summary>Adds a vote; it is on the disk when this returns.</summary>
    public void Add(Vote vote)
    {
        Write(vote);
        _votes.Add(vote);
    }

    public void Dispose() => _file.Dispose();

    private static T Parse<T>(string line) =>
        JsonSerializer.Deserialize<T>(line, Json) ?? throw new JsonException("a line is empty");

    private void Write<T>(T line)
    {
        _file.Write([.. JsonSerializer.SerializeToUtf8Bytes(line, Json), (byte)'\n']);
        _file.Flush(flushToDisk: true);
    }
}
