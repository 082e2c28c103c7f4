using System.Globalization;
using System.Text.RegularExpressions;
using LatentDiffusion.Configuration;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Networks.Unets;
using LatentDiffusion.Tensors;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Training.Experiments;
using Xunit;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Training;

/// <summary>The rows of the paper's tables 12 to 15.</summary>
[Collection(nameof(ProcessWideState))]
public sealed partial class PaperConfigTests
{
    private const string Folder = "configs/paper";

    // Millions of weights in the UNet, as counted in the reference code or told in the paper.
    private static readonly Dictionary<string, double> Millions = new()
    {
        ["celebahq"] = 274.06,
        ["ffhq"] = 274.06,
        ["lsun-bedrooms"] = 274.06,
        ["lsun-churches"] = 294.97,
        ["imagenet-ldm-1"] = 396.8,
        ["imagenet-ldm-2"] = 390.9,
        ["imagenet-ldm-4"] = 400.92,
        ["imagenet-ldm-8"] = 394.98,
        ["imagenet-ldm-16"] = 395.0,
        ["imagenet-ldm-32"] = 395.1,
        ["celeba-ldm-1"] = 270.5,
        ["celeba-ldm-2"] = 264.5,
        ["celeba-ldm-4"] = 274.1,
        ["celeba-ldm-8"] = 257.7,
        ["celeba-ldm-16"] = 257.8,
        ["celeba-ldm-32"] = 257.9,
        ["imagenet-guided"] = 400.92,
        ["text-laion"] = 872.30,
        ["layout-openimages"] = 246.28,
        ["layout-coco-f4"] = 246.28,
        ["superres-imagenet"] = 113.62,
        ["superres-openimages"] = 113.62,
        ["superres-imagenet-pixels"] = 121.88,
        ["superres-imagenet-regression"] = 121.88,
        ["inpaint-places"] = 215,
        ["inpaint-places-ldm-1"] = 220.52,
        ["inpaint-places-big"] = 387.25,
        ["inpaint-places-big-512"] = 387.25,
        ["semantic-landscapes"] = 215,
        ["semantic-landscapes-f4"] = 215.23,
    };

    private static readonly Dictionary<string, string> Published = new()
    {
        ["celebahq"] = "celebahq",
        ["lsun-churches"] = "churches",
        ["imagenet-ldm-8"] = "cin256",
        ["imagenet-guided"] = "cin256-v2",
        ["text-laion"] = "txt2img-1p4B",
        ["layout-openimages"] = "layout2img",
        ["superres-openimages"] = "bsr_sr",
        ["inpaint-places-big"] = "inpainting_big",
        ["semantic-landscapes-f4"] = "semantic256",
    };

    public static TheoryData<string> Names =>
        [
            .. Directory
                .EnumerateFiles(Repository.PathOf(Folder), "*.yaml")
                .Select(path => Path.GetFileNameWithoutExtension(path)!)
                .Order(StringComparer.Ordinal),
        ];

    public static TheoryData<string> PublishedNames => [.. Published.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_model_is_what_its_first_line_and_the_paper_say(string name)
    {
        var experiment = Load(name);
        using var unet = MetaDevice.Build(() => new Unet(experiment.Unet));
        var line = DescriptionPattern().Match(File.ReadLines(Repository.PathOf($"{Folder}/{name}.yaml")).First());
        var weights = unet.parameters().Sum(p => p.numel());
        var latents = experiment.Unet.OutChannels;
        var factor = int.Parse(line.Groups["factor"].Value, CultureInfo.InvariantCulture);
        var side = experiment.Data.Size / factor;

        Assert.True(line.Success, "The first line describes the model.");
        Assert.Equal($"{side}x{side}x{latents}", line.Groups["latents"].Value);
        Assert.Equal(weights.ToString("N0", CultureInfo.InvariantCulture), line.Groups["weights"].Value);
        Assert.Equal(
            experiment.Unet.InChannels,
            latents + (experiment.Conditioner?.ConcatenatedChannels(latents) ?? 0)
        );
        if (Millions.TryGetValue(name, out var millions))
        {
            Assert.Equal(millions, weights / 1e6, millions * 0.002);
        }

        AssertFirstStage(experiment, factor, latents);
    }

    [Theory]
    [MemberData(nameof(PublishedNames))]
    public void A_published_model_has_these_weights(string name)
    {
        var experiment = Load(name);
        var list = KeyList.Read(Published[name]);
        using var unet = MetaDevice.Build(() => new Unet(experiment.Unet));
        KeyList.Matches(list.Below("model.diffusion_model."), unet);
        nn.Module? conditioner = experiment.Conditioner switch
        {
            LayoutConfig layout => MetaDevice.Build(() =>
                new TokenTransformer(layout.Vocabulary, 3 * layout.MaxObjects + 2, layout.EmbedDim, layout.Depth)
            ),
            SemanticMapConfig map => MetaDevice.Build(() => new SpatialRescaler(map.Stages, 182, map.Channels)),
            _ => null,
        };
        if (conditioner is not null)
        {
            using (conditioner)
            {
                KeyList.Matches(list.Below("cond_stage_model."), conditioner);
            }
        }
    }

    [Fact]
    public void Every_row_has_a_file()
    {
        Assert.Equal(31, Names.Count);
        Assert.Empty(Millions.Keys.Except(Names.Select(row => row.Data)));
    }

    [Fact]
    public void The_big_inpainting_model_is_continued_at_twice_the_resolution()
    {
        var (first, second) = (Load("inpaint-places-big"), Load("inpaint-places-big-512"));
        Assert.Equal(2 * first.Data.Size, second.Data.Size);
        Assert.EndsWith("inpaint-places-big", second.InitFrom);
        // Records compare lists by reference.
        Assert.Equal(
            ConfigWriter.ToYaml(
                first with
                {
                    Data = second.Data,
                    InitFrom = second.InitFrom,
                    Optimizer = second.Optimizer,
                    Training = second.Training,
                }
            ),
            ConfigWriter.ToYaml(second)
        );
    }

    private static DiffusionExperiment Load(string name) =>
        Assert.IsType<DiffusionExperiment>(
            ConfigDocument.Load(Repository.PathOf($"{Folder}/{name}.yaml")).Bind<ExperimentConfig>()
        );

    // The first stage is a run of a configuration of the same name.
    private static void AssertFirstStage(DiffusionExperiment experiment, int factor, int latents)
    {
        if (experiment.FirstStage is null)
        {
            Assert.Equal((1, 3), (factor, latents));
            return;
        }

        // Table 13's f = 32 has twice the channels of table 8's.
        if (Path.GetFileName(experiment.FirstStage) == "vq-f32-d32")
        {
            Assert.Equal((32, 32), (factor, latents));
            return;
        }

        var path = Repository.PathOf($"configs/autoencoder/{Path.GetFileName(experiment.FirstStage)}.yaml");
        var autoencoder = Assert.IsType<AutoencoderExperiment>(ConfigDocument.Load(path).Bind<ExperimentConfig>());
        using var model = MetaDevice.Build(autoencoder.Model.Build);
        Assert.Equal((factor, latents), (model.DownsamplingFactor, model.LatentChannels));
    }

    [GeneratedRegex(
        @"^# .+: f = (?<factor>\d+), z = (?<latents>\d+x\d+x\d+); (?<weights>[\d,@]+) weights in the UNet\.$"
    )]
    private static partial Regex DescriptionPattern();
}
