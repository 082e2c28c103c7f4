using LatentDiffusion.Errors;
using LatentDiffusion.Pipelines.Experiments;
using LatentDiffusion.Samplers;

namespace LatentDiffusion.Cli.Experiments;

/// <summary>All that decides what the sampler experiment measures, but for the cells.</summary>
internal sealed record SamplerExperimentSettings
{
    /// <summary>As it was given; the model may move.</summary>
    public required string Model { get; init; }

    public required string ModelHash { get; init; }

    /// <summary>As it was given; the images may move.</summary>
    public required string Real { get; init; }

    public required string RealHash { get; init; }

    public required int CountReal { get; init; }

    public required int Count { get; init; }

    public required int Size { get; init; }

    public required long Seed { get; init; }

    public required double Guidance { get; init; }

    public required string Features { get; init; }

    /// <summary>A hash of everything but the paths.</summary>
    public string Hash() => ExperimentFiles.HashOf(this with { Model = "", Real = "" });

    /// <summary>Names what differs from earlier settings.</summary>
    /// <returns>Null where nothing does.</returns>
    public string? DifferenceFrom(SamplerExperimentSettings earlier)
    {
        (string Name, object Then, object Now)[] all =
        [
            ("model", earlier.ModelHash, ModelHash),
            ("real images", earlier.RealHash, RealHash),
            ("count", earlier.Count, Count),
            ("size", earlier.Size, Size),
            ("seed", earlier.Seed, Seed),
            ("guidance", earlier.Guidance, Guidance),
            ("features", earlier.Features, Features),
        ];
        return all.FirstOrDefault(s => !s.Then.Equals(s.Now)) is { Name: { } name, Then: var then, Now: var now }
            ? FormattableString.Invariant($"{name} {then}, now {now}")
            : null;
    }
}

/// <summary>A row of results.</summary>
internal sealed record SamplerRow(
    string Sampler,
    Spacing Spacing,
    int Steps,
    double Fid,
    double FidReconstructions,
    double Kid,
    double KidStd,
    double? Precision,
    double? Recall,
    double SecondsPerImage,
    string Sheet
)
{
    public static SamplerRow Of(SamplerMeasurement m, string sheet) =>
        new(
            m.Cell.Sampler,
            m.Cell.Spacing,
            m.Cell.Steps,
            m.ToReal.Frechet,
            m.ToReconstructions,
            m.ToReal.Kernel.Mean,
            m.ToReal.Kernel.Deviation,
            m.ToReal.Manifolds?.Precision,
            m.ToReal.Manifolds?.Recall,
            m.SecondsPerImage,
            sheet
        );

    public bool IsOf(SamplerCell cell) => (Sampler, Spacing, Steps) == (cell.Sampler, cell.Spacing, cell.Steps);
}

/// <summary>The contents of the experiment's results.json.</summary>
internal sealed record SamplerResults(
    string SettingsHash,
    SamplerExperimentSettings Settings,
    double? FirstStageFid,
    IReadOnlyList<SamplerRow> Cells
)
{
    /// <summary>Earlier results of a folder, or none yet.</summary>
    /// <exception cref="UserInputException">They were made with other settings.</exception>
    public static SamplerResults Open(string folder, SamplerExperimentSettings settings)
    {
        if (ExperimentFiles.Read<SamplerResults>(folder) is not { } earlier)
        {
            return new SamplerResults(settings.Hash(), settings, FirstStageFid: null, []);
        }

        return earlier.SettingsHash == settings.Hash()
            ? earlier
            : throw new UserInputException(
                $"{Path.Combine(folder, ExperimentFiles.ResultsName)} was made with other settings "
                    + $"({settings.DifferenceFrom(earlier.Settings) ?? "by another version"}): "
                    + "choose another folder with --out, or delete it."
            );
    }

    public bool Has(SamplerCell cell) => Cells.Any(row => row.IsOf(cell));

    /// <summary>With one more row; rows stay in the order of samplers, spacings, steps.</summary>
    public SamplerResults With(SamplerRow row)
    {
        var names = NamedSampler.All.Select(s => s.Name).ToList();
        return this with
        {
            Cells =
            [
                .. Cells.Append(row).OrderBy(r => names.IndexOf(r.Sampler)).ThenBy(r => r.Spacing).ThenBy(r => r.Steps),
            ],
        };
    }
}
