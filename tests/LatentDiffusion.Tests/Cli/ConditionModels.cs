using LatentDiffusion.Configuration;
using LatentDiffusion.Data;
using LatentDiffusion.Data.SemanticMaps;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Imaging;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Networks.Unets;
using LatentDiffusion.Tests.Imaging;
using LatentDiffusion.Training.Experiments;
using LatentDiffusion.Training.Optimization;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

/// <summary>
/// A model of each kind that is shown files, some training steps old: enough to tell what reaches it, in pixel space.
/// </summary>
public sealed class ConditionModels : IAsyncLifetime
{
    public const int Size = 16;
    private const int Steps = 20;
    public static readonly string[] Labels = ["sky", "grass"];

    private readonly TemporaryFolder _folder = new();

    public string this[string name] => Path.Combine(_folder.Path, name);

    public async ValueTask InitializeAsync()
    {
        var labels = new LabelSet(Labels);
        foreach (var folder in (string[])["images", "layouts", "maps"])
        {
            Directory.CreateDirectory(this[folder]);
        }

        File.WriteAllLines(this["maps/labels.txt"], Labels);
        for (var i = 0; i < 4; i++)
        {
            File.WriteAllBytes(this[$"images/{i}.png"], PngEncoder.Encode(TestImages.Pattern(Size, Size)));
            File.WriteAllBytes(this[$"maps/{i}.png"], labels.WriteMap(Map(Size, Size)));
            File.WriteAllText(this[$"layouts/{i}.json"], Layout());
        }

        await TrainAsync("plain", null);
        await TrainAsync("superres", new SuperResolutionConfig());
        await TrainAsync("inpaint", new InpaintingConfig());
        await TrainAsync("semantic", new SemanticMapConfig { Channels = 2, Stages = 0 });
        await TrainAsync(
            "layout",
            new LayoutConfig
            {
                EmbedDim = 32,
                Depth = 1,
                MaxObjects = 2,
                Vocabulary = 82,
            }
        );
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>A map whose upper half is sky.</summary>
    public static LabelMap Map(int width, int height) =>
        new(
            width,
            height,
            [.. Enumerable.Range(0, width * height).Select(i => (byte)(i / width < height / 2 ? 0 : 1))]
        );

    /// <summary>A layout of one object in an image of 100x100 pixels.</summary>
    public static string Layout(string label = "grass", double width = 50) =>
        FormattableString.Invariant(
            $$"""{"width":100,"height":100,"objects":[{"label":"{{label}}","box":[0,50,{{width}},50]},{"label":"sky","box":[0,0,100,50]}]}"""
        );

    private async Task TrainAsync(string name, ConditionerConfig? conditioner)
    {
        var isLayout = conditioner is LayoutConfig;
        var experiment = new DiffusionExperiment
        {
            Data = new ImageFolderConfig
            {
                Path = this["images"],
                Size = Size,
                Layouts = isLayout ? this["layouts"] : null,
                Maps = conditioner is SemanticMapConfig ? this["maps"] : null,
            },
            Unet = new UnetConfig
            {
                InChannels = 3 + (conditioner?.ConcatenatedChannels(3) ?? 0),
                OutChannels = 3,
                ModelChannels = 32,
                ChannelMult = [1, 1],
                NumResBlocks = 1,
                AttentionResolutions = isLayout ? [2] : [],
                NumHeads = 1,
                UseSpatialTransformer = isLayout,
                ContextDim = isLayout ? 32 : null,
            },
            Conditioner = conditioner,
            ScaleFactor = 1,
            Objective = new DiffusionObjectiveConfig { Parameterization = Parameterization.X0 },
            Optimizer = new OptimizerConfig { LearningRate = 1e-2 },
            Training = new TrainingConfig
            {
                BatchSize = 2,
                Steps = Steps,
                SampleEvery = 0,
            },
        };
        await File.WriteAllTextAsync(this[$"{name}.yaml"], ConfigWriter.ToYaml(experiment));
        await TinyRuns.TrainAsync(_folder.Path, name, Steps);
    }
}
