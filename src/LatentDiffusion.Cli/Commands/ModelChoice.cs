using System.CommandLine;
using System.Globalization;
using LatentDiffusion.Errors;
using LatentDiffusion.Models;

namespace LatentDiffusion.Cli.Commands;

/// <summary>What a published checkpoint does not say itself, and changes to add to its weights.</summary>
internal sealed class ModelChoice
{
    private readonly Option<string?> _config = new("--config")
    {
        Description = "Configuration (YAML) of a published checkpoint; detected from its tensors when absent",
        HelpName = "FILE",
    };

    private readonly Option<string?> _tokenizer = new("--tokenizer")
    {
        Description = "Folder of the vocabulary, for a published checkpoint (default: beside it)",
        HelpName = "DIR",
    };

    private readonly Option<string[]> _lora = new("--lora")
    {
        Description = "Low-rank changes to add to the weights; may be repeated",
        HelpName = "FILE[:WEIGHT]",
    };

    public IReadOnlyList<Option> All => [_config, _tokenizer, _lora];

    public ModelOptions Read(ParseResult arguments) =>
        new()
        {
            Config = arguments.GetValue(_config),
            Tokenizer = arguments.GetValue(_tokenizer),
            Loras = [.. (arguments.GetValue(_lora) ?? []).Select(Parse)],
        };

    // A name may contain colons; a weight is what stands behind the last one, if that is a number.
    private static LoraFile Parse(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 0 || File.Exists(text))
        {
            return new LoraFile(text);
        }

        return
            double.TryParse(text.AsSpan(colon + 1), CultureInfo.InvariantCulture, out var weight)
            && double.IsFinite(weight)
            ? new LoraFile(text[..colon], weight)
            : throw new UserInputException($"option '--lora' takes FILE or FILE:WEIGHT, not '{text}'.");
    }
}
