using LatentDiffusion.Checkpoints;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Models.Detection;
using LatentDiffusion.Models.Published;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Unets;
using static TorchSharp.torch;

namespace LatentDiffusion.Models.Foreign;

/// <summary>Describes a checkpoint that comes without a description, from its tensors.</summary>
internal static class DetectedDescription
{
    private const string Betas = "betas";
    private const int MostTimesteps = 100_000;
    private const double ScaleOfStableDiffusion = 0.18215;

    // Tables are kept in single precision.
    private const double Rounding = 1e-6;

    /// <summary>Detects what a file holds.</summary>
    public static ForeignDescription Of(IWeights file)
    {
        var architecture = ModelArchitecture.Detect(file.Shapes);
        List<string> notes = [.. architecture.Assumptions];
        if (architecture.Unet is not { } unet)
        {
            return new ForeignDescription { FirstStage = architecture.FirstStage, Notes = notes };
        }

        var f = architecture.FirstStage?.DownsamplingFactor ?? 1;
        var isKl = architecture.FirstStage is KlConfig;
        if (isKl && !file.Shapes.ContainsKey(ModelTensors.ScaleFactor))
        {
            notes.Add($"the scale factor is not in the file: assumed {ScaleOfStableDiffusion}");
        }

        var channels = ExtraChannels.Guess(unet, architecture.Conditioner, architecture.FirstStage);
        if (channels is not null)
        {
            notes.Add($"what is beside the latents is not in the file: assumed {ExtraChannels.InWords(channels)}");
        }

        var isLayout = ForeignConditioner.IsOfLayouts(architecture.Conditioner);
        if (isLayout)
        {
            notes.Add("what the tokens mean is not in the file: assumed objects and boxes, numbered for want of names");
        }

        return new ForeignDescription
        {
            Unet = unet,
            FirstStage = architecture.FirstStage,
            Conditioner = architecture.Conditioner,
            Channels = channels,
            IsLayout = isLayout,
            Schedule = ReadSchedule(file) ?? AssumeSchedule(unet, notes),
            ScaleFactor = isKl ? ScaleOfStableDiffusion : 1,
            ImageSize = unet.ContextDim == PublishedModels.StableDiffusion.ContextDim && f == 8 ? 512 : 256,
            Notes = notes,
        };
    }

    /// <summary>The schedule whose variances a file holds; null where there are none that are usable.</summary>
    public static NoiseScheduleConfig? ReadSchedule(IWeights file)
    {
        if (!file.Shapes.TryGetValue(Betas, out var shape) || shape is not [> 1 and <= MostTimesteps])
        {
            return null;
        }

        using var scope = NewDisposeScope();
        var target = empty([.. shape], float64);
        file.ReadInto(Betas, target);
        var betas = target.data<double>().ToArray();
        if (!betas.All(beta => beta is > 0 and < 1))
        {
            return null;
        }

        var shaped = new NoiseScheduleConfig
        {
            Timesteps = betas.Length,
            LinearStart = Rounded(betas[0]),
            LinearEnd = Rounded(betas[^1]),
        };
        return new[] { BetaSchedule.Linear, BetaSchedule.SqrtLinear, BetaSchedule.Cosine }
                .Select(kind => shaped with { Schedule = kind })
                .FirstOrDefault(config => Agree(NoiseSchedule.Create(config).Betas, betas))
            ?? new NoiseScheduleConfig { Betas = betas };
    }

    private static bool Agree(IReadOnlyList<double> made, double[] read) =>
        made.Zip(read).All(pair => Math.Abs(pair.First - pair.Second) <= Rounding * pair.Second);

    // 0.00085 and not the single-precision number next to it.
    private static double Rounded(double beta) => double.Parse(((float)beta).ToString("g6", Invariant), Invariant);

    private static System.Globalization.CultureInfo Invariant => System.Globalization.CultureInfo.InvariantCulture;

    private static NoiseScheduleConfig AssumeSchedule(UnetConfig unet, List<string> notes)
    {
        // Text-to-image at f = 8, layouts and maps, churches and super-resolution, and the rest.
        var (start, end) = (unet.ModelChannels, unet.InChannels - unet.OutChannels, unet.TransformerDepth) switch
        {
            (320, _, _) => (0.00085, 0.012),
            (128, _, _) or (256, > 0, _) => (0.0015, 0.0205),
            (192, _, _) when !unet.UseSpatialTransformer => (0.0015, 0.0155),
            (160, _, _) => (0.0015, 0.0155),
            _ => (0.0015, 0.0195),
        };
        notes.Add(
            FormattableString.Invariant($"the noise schedule is not in the file: assumed linear from {start} to {end}")
        );
        return new NoiseScheduleConfig { LinearStart = start, LinearEnd = end };
    }
}
