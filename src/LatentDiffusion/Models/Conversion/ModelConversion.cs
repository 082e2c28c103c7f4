using System.Globalization;
using System.Security.Cryptography;
using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Checkpoints.Torch;
using LatentDiffusion.Configuration;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Errors;
using LatentDiffusion.Models.Diffusers;
using LatentDiffusion.Models.Foreign;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Models.Conversion;

/// <summary>Converts models between .ckpt, safetensors, and folders of diffusers.</summary>
public static class ModelConversion
{
    /// <summary>Converts a model. Tensors go through memory one at a time.</summary>
    /// <param name="input">A model of any kind that <see cref="ModelSource"/> opens.</param>
    /// <param name="output">A name that ends with .safetensors or .ckpt, or else a folder of diffusers to create.</param>
    /// <param name="options">How.</param>
    /// <exception cref="UserInputException">
    /// The model is not known, its tensors do not fit what it is, or the output cannot be written.
    /// </exception>
    public static ConversionResult Convert(string input, string output, ConversionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var format = FormatOf(output);
        using var opened = OpenedModel.Open(input, options.Config);
        var choice = options.Weights ?? (format == Format.Diffusers ? WeightChoice.Ema : WeightChoice.All);
        using var weights = new ChosenWeights(opened.Weights, choice);
        List<string> notes = [.. opened.Description.Notes];
        var report = opened.Compare();
        if (format == Format.Diffusers)
        {
            if (choice == WeightChoice.All)
            {
                throw new UserInputException("A folder of diffusers has one set of weights: use --weights ema or raw.");
            }

            RequireModel(input, opened, report, options);
        }

        return format == Format.Diffusers
            ? ToFolder(output, weights, opened, options, report, notes)
            : ToFile(output, format, weights, opened, options, report, notes);
    }

    private static ConversionResult ToFolder(
        string output,
        ChosenWeights weights,
        OpenedModel opened,
        ConversionOptions options,
        TensorReport report,
        List<string> notes
    )
    {
        var scaled = opened.Description with { ScaleFactor = opened.ScaleFactor };
        var described = scaled with { Schedule = DetectedDescription.ReadSchedule(weights) ?? scaled.Schedule };
        var tokenizer = opened.Tokenizer(options.Tokenizer, notes);
        new DiffusersWriter(weights, described, tokenizer, type => Stored(type, options.Dtype)).Write(output);
        var left = weights.Shapes.Keys.Count(name => !described.Owns(name));
        if (left > 0)
        {
            notes.Add($"{left} tensors have no place in a folder of diffusers, such as tables of the noise schedule");
        }

        var files = Directory.EnumerateFiles(output, "*", SearchOption.AllDirectories).ToList();
        return new ConversionResult(
            Path.GetFullPath(output),
            "diffusers",
            weights.Shapes.Count - left,
            files.Sum(file => new FileInfo(file).Length),
            Hash: null,
            report,
            notes
        );
    }

    private static ConversionResult ToFile(
        string output,
        Format format,
        ChosenWeights weights,
        OpenedModel opened,
        ConversionOptions options,
        TensorReport report,
        List<string> notes
    )
    {
        OutputFolder.CreateFor(output);
        using var scope = NewDisposeScope();
        var added = format == Format.Ckpt ? OfTheModel(weights, opened) : [];
        var tensors = SafetensorsWriter.InOrder(
            weights
                .Shapes.Select(t =>
                {
                    var type =
                        weights.TypeOf(t.Key)
                        ?? throw new UserInputException(
                            $"{weights.Path}: {t.Key} has a type that cannot be converted here."
                        );
                    var stored = IsWeight(t.Key) ? Stored(type, options.Dtype) : type;
                    return new TensorToWrite(t.Key, stored, t.Value, () => weights.Read(t.Key).to(stored));
                })
                .Concat(added.Select(t => TensorToWrite.Of(t.Key, t.Value)))
        );
        string? hash = null;
        if (format == Format.Ckpt)
        {
            TorchWriter.Write(output, tensors);
        }
        else
        {
            hash = HashOf(tensors);
            SafetensorsWriter.WriteLazily(output, tensors, Metadata(weights, opened, options, hash, notes));
        }

        return new ConversionResult(
            Path.GetFullPath(output),
            format == Format.Ckpt ? "ckpt" : "safetensors",
            tensors.Count,
            new FileInfo(output).Length,
            hash,
            report,
            notes
        );
    }

    private static Dictionary<string, string> Metadata(
        ChosenWeights weights,
        OpenedModel opened,
        ConversionOptions options,
        string hash,
        List<string> notes
    )
    {
        // Values of a .ckpt are facts about a training run (callbacks, optimisers), which are not the model's.
        var metadata = opened.IsTorch ? [] : weights.Metadata.ToDictionary();
        metadata["format"] = "pt";
        ModelSpec.AddTo(metadata, opened.Description, Path.GetFileNameWithoutExtension(opened.Weights.Path), hash);
        if (opened.OwnConfig(options.Tokenizer, notes) is { } config)
        {
            metadata[ModelFile.ConfigKey] = ConfigWriter.ToYaml(config);
            metadata[ModelFile.ScaleKey] = opened.ScaleFactor.ToString("r", CultureInfo.InvariantCulture);
            if (opened.Tokenizer(options.Tokenizer, notes) is { } tokenizer)
            {
                ModelVocabularies.AddTo(metadata, [tokenizer.Vocabulary]);
            }
        }

        return metadata;
    }

    // A .ckpt has no metadata: scale factor and schedule stand among its tensors.
    private static Dictionary<string, Tensor> OfTheModel(ChosenWeights weights, OpenedModel opened)
    {
        Dictionary<string, Tensor> added = [];
        if (opened.Description.Unet is null)
        {
            return added;
        }

        using var process = new DiffusionProcess(NoiseSchedule.Create(opened.Description.Schedule));
        foreach (var (name, table) in process.Buffers.Where(b => !weights.Shapes.ContainsKey(b.Key)))
        {
            added[name] = table.clone();
        }

        if (!weights.Shapes.ContainsKey(ModelTensors.ScaleFactor))
        {
            added[ModelTensors.ScaleFactor] = tensor(opened.ScaleFactor, dtype: float64);
        }

        return added;
    }

    // What is computed with may be shortened; tables of the schedule and the like may not.
    private static bool IsWeight(string name) => name.Contains('.', StringComparison.Ordinal);

    private static ScalarType Stored(ScalarType type, ScalarType? wanted) =>
        type is ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64
            ? wanted ?? type
            : type;

    private static string HashOf(IEnumerable<TensorToWrite> tensors)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var tensor in tensors)
        {
            using var scope = NewDisposeScope();
            TensorMemory.ForEachPiece(tensor.Read().contiguous(), (piece, _) => hash.AppendData(piece));
        }

        return "0x" + System.Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void RequireModel(string input, OpenedModel opened, TensorReport report, ConversionOptions options)
    {
        var description = opened.Description;
        if (description.Unet is null && description.FirstStage is null or IdentityConfig)
        {
            throw new UserInputException(
                $"{input} is of no architecture that is known here, so it has no form of diffusers. 'ldm inspect' shows what is in it."
            );
        }

        if (
            description.Conditioner is null
            && description.Unet is not null
            && opened.Weights.Shapes.Keys.Any(ModelTensors.IsOfConditioner)
            && !options.AllowMismatch
        )
        {
            throw new UserInputException(
                $"{input} has a conditioner that diffusers has no form for. Leave it out with --force."
            );
        }

        if (report.Missing.Count + report.Misshaped.Count > 0 && !options.AllowMismatch)
        {
            throw new UserInputException(
                $"{input} does not fit its description: {report.InOneLine()}. Give its configuration (--config), or --force."
            );
        }
    }

    private static Format FormatOf(string output)
    {
        var extension = Path.GetExtension(output).ToLowerInvariant();
        return extension switch
        {
            ".safetensors" => Format.Safetensors,
            ".ckpt" or ".pth" or ".pt" => Format.Ckpt,
            ".bin" or ".json" or ".yaml" => throw new UserInputException(
                $"{output}: files are written as .safetensors or .ckpt; a name without such an ending is a folder of diffusers."
            ),
            _ => Format.Diffusers,
        };
    }

    private enum Format
    {
        Safetensors,
        Ckpt,
        Diffusers,
    }
}
