using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Configuration;
using LatentDiffusion.Data;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Training.Experiments;
using LatentDiffusion.Training.Optimization;
using LatentDiffusion.Training.Runs;
using static TorchSharp.torch;

namespace LatentDiffusion.Training.Trainers;

/// <summary>Trains a first stage.</summary>
internal sealed class AutoencoderTrainer : ITrainer
{
    private const int SheetColumns = 8;
    private const int SheetPairs = 16;

    private readonly AutoencoderExperiment _experiment;
    private readonly ImageDataset _dataset;
    private readonly FirstStage _model;
    private readonly AutoencoderLoss _loss;
    private readonly AdamW _optimizer;
    private BatchLoader? _loader;

    public AutoencoderTrainer(AutoencoderExperiment experiment, ImageDataset dataset)
    {
        _experiment = experiment;
        _dataset = dataset;
        TrainingStream.SeedInitialWeights(experiment.Seed);
        _model = experiment.Model.Build();
        _model.train();
        _loss = new AutoencoderLoss(experiment.Loss);
        _optimizer = new AdamW(
            _model.named_parameters().Select(p => (p.name, (Tensor)p.parameter)),
            experiment.Optimizer
        );
    }

    public string Name => "autoencoder";

    private int BatchSize => _experiment.Training.BatchSize;

    public IReadOnlyDictionary<string, double> Step(long step)
    {
        _loader ??= new BatchLoader(_dataset, BatchSize, _experiment.Data.Workers, step * BatchSize);
        using var scope = NewDisposeScope();
        using var stream = TrainingStream.ForStep(_experiment.Seed, step);
        var batch = _loader.Next();
        var images = ImageTensors.FromPlanar(batch.Pixels, batch.Count, batch.Size, batch.Size);
        _optimizer.ClearGradients();
        var parts = Loss(images, stream.Generator);
        parts.Total.backward();
        _optimizer.Step();
        return new Dictionary<string, double>
        {
            ["loss"] = parts.Total.item<float>(),
            ["reconstruction"] = parts.Reconstruction.item<float>(),
            [_model is KlAutoencoder ? "kl" : "codebook"] = parts.Regularisation.item<float>(),
        };
    }

    public bool WeightsAreFinite() => _optimizer.ParametersAreFinite();

    public void Write(string folder, long step)
    {
        ModelFile.Write(
            Path.Combine(folder, ModelFile.FileName),
            new AutoencoderModelConfig { FirstStage = _experiment.Model, ImageSize = _experiment.Data.Size },
            ModuleState.Of(_model),
            ConfigWriter.ToYaml(_experiment),
            step
        );
        TrainerFiles.Write(
            folder,
            _optimizer,
            new TrainingState(step, _experiment.Seed, step * BatchSize, _optimizer.Steps)
        );
    }

    public long Read(string folder)
    {
        using var file = SafetensorsFile.Open(Path.Combine(folder, ModelFile.FileName));
        ModuleState.Load(file, ModuleState.Of(_model), _ => true);
        return TrainerFiles.Read(folder, _optimizer).Step;
    }

    public RgbImage DrawSheet(CancellationToken cancellation)
    {
        _model.eval();
        try
        {
            return ReconstructionSheet.Draw(_model, _dataset, SheetPairs, SheetColumns);
        }
        finally
        {
            _model.train();
        }
    }

    public void Dispose()
    {
        _loader?.Dispose();
        _optimizer.Dispose();
        _model.Dispose();
    }

    private AutoencoderLossParts Loss(Tensor images, Generator generator)
    {
        if (_model is VqAutoencoder vq)
        {
            var quantized = vq.Quantizer.Quantize(vq.Encode(images));
            return _loss.Vq(images, vq.DecodeQuantized(quantized.Quantized), quantized.Loss);
        }

        var posterior = new DiagonalGaussian(_model.Encode(images));
        return _loss.Kl(images, _model.Decode(posterior.Sample(generator)), posterior);
    }
}
