using System.Globalization;
using System.Text.RegularExpressions;
using LatentDiffusion.Configuration;
using LatentDiffusion.Models.Published;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Tensors;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Training.Experiments;
using Xunit;

namespace LatentDiffusion.Tests.Training;

/// <summary>Every configuration that the repository offers.</summary>
[Collection(nameof(ProcessWideState))]
public sealed partial class ConfigFolderTests
{
    private const string FirstStageFolder = "configs/autoencoder";

    public static TheoryData<string> All =>
        [
            .. Directory
                .EnumerateFiles(Repository.PathOf("configs"), "*.yaml", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/'))
                .Order(StringComparer.Ordinal),
        ];

    public static TheoryData<string> FirstStages => [.. FirstStageNames()];

    [Theory]
    [MemberData(nameof(All))]
    public void A_configuration_binds(string path) =>
        Assert.NotNull(ConfigDocument.Load(Repository.PathOf(path)).Bind<ExperimentConfig>());

    [Theory]
    [MemberData(nameof(FirstStages))]
    public void A_first_stage_is_what_its_name_and_its_first_line_say(string name)
    {
        var path = Repository.PathOf($"{FirstStageFolder}/{name}.yaml");
        var experiment = Assert.IsType<AutoencoderExperiment>(ConfigDocument.Load(path).Bind<ExperimentConfig>());
        using var model = MetaDevice.Build(experiment.Model.Build);
        var line = DescriptionPattern().Match(File.ReadLines(path).First());
        var weights = model.parameters().Sum(p => p.numel());

        Assert.True(line.Success, "The first line describes the model.");
        Assert.Equal(weights.ToString("N0", CultureInfo.InvariantCulture), line.Groups["weights"].Value);
        Assert.Equal($"{model.DownsamplingFactor}", line.Groups["factor"].Value);
        Assert.Equal($"{model.LatentChannels}", line.Groups["channels"].Value);
        Assert.Equal((experiment.Model as VqConfig)?.Codes.ToString(), NullIfEmpty(line.Groups["codes"].Value));
        Assert.StartsWith($"{line.Groups["kind"].Value.ToLowerInvariant()}-f{model.DownsamplingFactor}", name);
        if (PublishedModels.FirstStages.TryGetValue(name, out var published))
        {
            KeyList.Matches(KeyList.Read($"first_stage_{name}"), model);
            Assert.Equal(published.Parameters, weights);
        }
    }

    [Fact]
    public void Every_published_first_stage_can_be_trained() =>
        Assert.Empty(PublishedModels.FirstStages.Keys.Except(FirstStageNames()));

    [Theory]
    [MemberData(nameof(FirstStages))]
    public void A_first_stage_is_optimised_as_the_reference_does(string name)
    {
        var path = Repository.PathOf($"{FirstStageFolder}/{name}.yaml");
        var experiment = ConfigDocument.Load(path).Bind<ExperimentConfig>();
        var optimizer = experiment.Optimizer;

        Assert.Equal((0.5, 0.9, 0.0), (optimizer.Beta1, optimizer.Beta2, optimizer.WeightDecay));
        Assert.Equal(
            4.5e-6 * experiment.Training.BatchSize,
            optimizer.LearningRateAt(0, experiment.Training.BatchSize * experiment.Training.Accumulate),
            1e-15
        );
    }

    private static IEnumerable<string> FirstStageNames() =>
        Directory
            .EnumerateFiles(Repository.PathOf(FirstStageFolder), "*.yaml")
            .Select(path => Path.GetFileNameWithoutExtension(path)!)
            .Order(StringComparer.Ordinal);

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;

    [GeneratedRegex(
        @"^# Table 8, (?<kind>KL|VQ), f = (?<factor>\d+), (\|Z\| = (?<codes>\d+), )?c = (?<channels>\d+).*; (?<weights>[\d,]+) weights\."
    )]
    private static partial Regex DescriptionPattern();
}
