using System.Security.Cryptography;
using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Torch;
using LatentDiffusion.Configuration;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Models.Detection;
using LatentDiffusion.Models.Foreign;
using static TorchSharp.torch;

namespace LatentDiffusion.Models.Conversion;

/// <summary>A tensor of a checkpoint.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Dtype">The type of its elements.</param>
/// <param name="Shape">Its sizes, outermost first.</param>
public sealed record InspectedTensor(string Name, string Dtype, IReadOnlyList<long> Shape);

/// <summary>A part of a checkpoint.</summary>
/// <param name="Name">What its tensors' names begin with.</param>
/// <param name="Tensors">How many tensors it has.</param>
/// <param name="Parameters">How many numbers they hold.</param>
public sealed record InspectedModule(string Name, int Tensors, long Parameters);

/// <summary>What a checkpoint holds.</summary>
public sealed record ModelInspection
{
    private static readonly string[] Parts =
    [
        ModelTensors.UnetPrefix,
        ModelTensors.FirstStagePrefix,
        ModelTensors.ConditionerPrefix,
        AverageTensors.Prefix,
    ];

    /// <summary>The file or folder.</summary>
    public required string Path { get; init; }

    /// <summary>Its format: safetensors, ckpt, sharded, or diffusers.</summary>
    public required string Format { get; init; }

    /// <summary>Bytes on the disk.</summary>
    public required long Bytes { get; init; }

    /// <summary>SHA-256 of the file; null for a folder. Web interfaces name models by its first ten digits.</summary>
    public string? Sha256 { get; init; }

    /// <summary>All tensors in the order of the file.</summary>
    public required IReadOnlyList<InspectedTensor> Tensors { get; init; }

    /// <summary>The parts.</summary>
    public required IReadOnlyList<InspectedModule> Modules { get; init; }

    /// <summary>How many numbers all tensors hold.</summary>
    public long Parameters => Modules.Sum(module => module.Parameters);

    /// <summary>How many tensors there are of each type.</summary>
    public required IReadOnlyDictionary<string, int> Dtypes { get; init; }

    /// <summary>The architecture as YAML, or null where it is not known.</summary>
    public string? Architecture { get; init; }

    /// <summary>What latents are multiplied by; null where there is no UNet.</summary>
    public double? ScaleFactor { get; init; }

    /// <summary>The noise schedule; null where there is no UNet.</summary>
    public NoiseScheduleConfig? Schedule { get; init; }

    /// <summary>How often the averages were updated; null where there are none.</summary>
    public long? AverageUpdates { get; init; }

    /// <summary>How the tensors compare with those of the architecture.</summary>
    public required TensorReport Report { get; init; }

    /// <summary>The free texts of the file.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    /// <summary>Classes and functions that the file names and that were passed over.</summary>
    public required IReadOnlyList<string> Stubs { get; init; }

    /// <summary>What was assumed, in words.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>Looks into a model; no tensor but single numbers and the schedule is read.</summary>
    /// <param name="path">A model of any kind that <see cref="ModelSource"/> opens, or any other file of tensors.</param>
    /// <param name="config">The model's configuration (YAML in the way of CompVis), or null.</param>
    /// <exception cref="Errors.UserInputException">There is no such model, or the file is damaged.</exception>
    public static ModelInspection Of(string path, string? config = null)
    {
        using var opened = OpenedModel.Open(path, config);
        var weights = opened.Weights;
        var description = opened.Description;
        var isModel = description.Unet is not null;
        List<InspectedTensor> tensors =
        [
            .. weights.Shapes.Select(t => new InspectedTensor(t.Key, DtypeOf(weights, t.Key), t.Value)),
        ];
        var isFolder = Directory.Exists(weights.Path);
        return new ModelInspection
        {
            Path = System.IO.Path.GetFullPath(weights.Path),
            Format = FormatOf(weights),
            Bytes = isFolder
                ? Directory
                    .EnumerateFiles(weights.Path, "*", SearchOption.AllDirectories)
                    .Sum(file => new FileInfo(file).Length)
                : new FileInfo(weights.Path).Length,
            Sha256 = isFolder ? null : HashOf(weights.Path),
            Tensors = tensors,
            Modules = ModulesOf(tensors),
            Dtypes = tensors.GroupBy(t => t.Dtype).OrderBy(g => g.Key).ToDictionary(g => g.Key, g => g.Count()),
            Architecture = ArchitectureOf(description),
            ScaleFactor = isModel ? opened.ScaleFactor : null,
            Schedule = isModel ? description.Schedule : null,
            AverageUpdates = UpdatesOf(weights),
            Report = opened.Compare(),
            Metadata = weights.Metadata,
            Stubs = (weights as TorchFile)?.Stubs ?? [],
            Notes = description is { Unet: null, FirstStage: null, Conditioner: null }
                ? ["no architecture that is known here", .. description.Notes]
                : description.Notes,
        };
    }

    private static string FormatOf(IWeights weights) =>
        weights switch
        {
            TorchFile => "ckpt",
            ShardedWeights => "sharded",
            Checkpoints.Safetensors.SafetensorsFile => "safetensors",
            _ => "diffusers",
        };

    private static string DtypeOf(IWeights weights, string name) =>
        weights.TypeOf(name) switch
        {
            ScalarType.Float32 => "f32",
            ScalarType.Float64 => "f64",
            ScalarType.Float16 => "f16",
            ScalarType.BFloat16 => "bf16",
            ScalarType.Byte => "u8",
            ScalarType.Int8 => "i8",
            ScalarType.Int16 => "i16",
            ScalarType.Int32 => "i32",
            ScalarType.Int64 => "i64",
            ScalarType.Bool => "bool",
            { } other => other.ToString(),
            null => "other",
        };

    private static List<InspectedModule> ModulesOf(IEnumerable<InspectedTensor> tensors) =>
        [
            .. tensors
                .GroupBy(t => PartOf(t.Name))
                .Select(g => new InspectedModule(
                    g.Key,
                    g.Count(),
                    g.Sum(t => t.Shape.Aggregate(1L, (product, size) => product * size))
                )),
        ];

    private static string PartOf(string name)
    {
        if (Array.Find(Parts, part => name.StartsWith(part, StringComparison.Ordinal)) is { } part)
        {
            return part.TrimEnd('.');
        }

        var dot = name.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? "(buffers)" : name[..dot];
    }

    private static string? ArchitectureOf(ForeignDescription description)
    {
        List<string> parts = [];
        Add("unet", description.Unet);
        Add("first_stage", description.FirstStage);
        if (description.Conditioner is { } conditioner)
        {
            parts.Add($"conditioner: {ConditionerShape.InWords(conditioner)}");
        }

        Add("beside_latents", description.Channels);
        return parts.Count == 0 ? null : string.Join('\n', parts);

        void Add(string name, object? part)
        {
            if (part is not null)
            {
                var lines = ConfigWriter.ToYaml(part).TrimEnd().Split('\n').Select(line => $"  {line}");
                parts.Add($"{name}:\n{string.Join('\n', lines)}");
            }
        }
    }

    private static long? UpdatesOf(IWeights weights)
    {
        const string Name = AverageTensors.Prefix + "num_updates";
        if (!weights.Shapes.TryGetValue(Name, out var shape) || shape.Aggregate(1L, (p, size) => p * size) != 1)
        {
            return null;
        }

        using var updates = weights.Read(Name).to(int64);
        return updates.item<long>();
    }

    private static string HashOf(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
