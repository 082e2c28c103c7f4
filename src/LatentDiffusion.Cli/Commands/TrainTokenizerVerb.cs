using System.CommandLine;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Data;
using LatentDiffusion.Text;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm tokenizer train</c>: a vocabulary that suits one's own captions.</summary>
internal sealed class TrainTokenizerVerb : Verb
{
    private const string FileName = "vocab.txt";

    private readonly Option<string> _captions = new("--captions")
    {
        Description = "Captioned images (a folder or a parquet file), or a text file with one caption a line",
        HelpName = "FILE|DIR",
        Required = true,
    };

    private readonly Option<string?> _column = new("--column")
    {
        Description = "The table column that holds the captions (default: text or caption)",
        HelpName = "NAME",
    };

    private readonly Option<int> _size = new("--size")
    {
        Description = "The most tokens",
        HelpName = "N",
        DefaultValueFactory = _ => 2000,
    };

    private readonly Option<string> _out = new("--out")
    {
        Description = $"The folder for {FileName}; created when missing",
        HelpName = "DIR",
        Required = true,
    };

    public TrainTokenizerVerb()
        : base(
            "train",
            "Learn a vocabulary from captions, for models with text",
            "ldm tokenizer train --captions data/emoji/emoji64.parquet --size 2000 --out out/tokenizer"
        )
    {
        Options.Add(_captions);
        Options.Add(_column);
        Options.Add(_size);
        Options.Add(_out);
        Positive.Require(_size);
    }

    public override Task<int> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        var arguments = context.Arguments;
        var captions = CaptionCollection.Read(arguments.GetRequiredValue(_captions), arguments.GetValue(_column));
        var vocabulary = VocabularyTrainer.Train(captions, arguments.GetValue(_size));
        var text = string.Join('\n', vocabulary) + '\n';
        var tokenizer = WordPieceTokenizer.Parse(text, FileName);
        var longest = captions.Max(caption => tokenizer.Tokenize(caption).Count);
        var folder = Path.GetFullPath(arguments.GetRequiredValue(_out));
        OutputFolder.Create(folder);
        var path = Path.Combine(folder, FileName);
        AtomicFile.WriteText(path, text);
        context.Output.Result(
            new
            {
                Vocabulary = path,
                Tokens = vocabulary.Count,
                Captions = captions.Count,
                LongestCaption = longest,
            },
            r =>
                FormattableString.Invariant(
                    $"{r.Tokens:n0} tokens from {r.Captions:n0} captions, the longest of {r.LongestCaption} tokens: {r.Vocabulary}"
                )
        );
        return Task.FromResult(ExitCode.Done);
    }
}
