using System.Globalization;
using LatentDiffusion.Imaging.Metadata;
using LatentDiffusion.Samplers;

namespace LatentDiffusion.Pipelines.Provenance;

/// <summary>
/// A record in the words of web interfaces. The keys of ours that they do not have begin with "LDM"; those at their usual
/// values are left out, as they do.
/// </summary>
internal static class GenerationText
{
    private const int InitHashDigits = 10;

    public static Infotext Of(GenerationRecord record)
    {
        var sampler = NamedSampler.Find(record.Sampler);
        List<(string Key, object? Value)> values =
        [
            ("Steps", record.Steps),
            ("Sampler", sampler.CommonName),
            ("Schedule type", record.Spacing.ToString()),
            ("CFG scale", record.Guidance),
            ("Seed", record.Seed),
            ("Size", $"{record.Width}x{record.Height}"),
            ("Model hash", record.Model.ShortHash),
            ("Model", record.Model.Name),
            ("Denoising strength", record.Start?.Strength),
            ("Init image hash", record.Start?.Sha256[..InitHashDigits]),
            ("Eta", record.Eta == sampler.DefaultEta ? null : record.Eta),
            // The noise is what PyTorch's generator on the processor gives, one per picture.
            ("RNG", "CPU"),
            ("LDM class", record.Input.Class),
            ("LDM verb", record.Condition?.Verb),
            ("LDM files", record.Condition is { } c ? string.Join(" ", c.Files.Select(f => f.Path)) : null),
            ("LDM scale", record.Condition?.Scale),
            ("LDM guidance rescale", record.GuidanceRescale == 0 ? null : record.GuidanceRescale),
            ("LDM guidance interval", record.GuidanceInterval is { } i ? Invariant($"{i.From}-{i.To}") : null),
            ("LDM patch", record.PatchSize),
            ("Version", record.Program),
        ];
        return new Infotext(
            record.Input.Prompt ?? "",
            record.NegativePrompt ?? "",
            [
                .. values
                    .Where(pair => pair.Value is not null)
                    .Select(pair =>
                        KeyValuePair.Create(pair.Key, Convert.ToString(pair.Value, CultureInfo.InvariantCulture)!)
                    ),
            ]
        );
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
