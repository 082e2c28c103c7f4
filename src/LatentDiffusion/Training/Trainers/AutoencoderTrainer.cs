using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Configuration;
using LatentDiffusion.Data;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Training.Experiments;
using LatentDiffusion.Training.Optimization;
using LatentDiffusion.Training.Runs;
using static TorchSharp.torch;

namespace LatentDiffusion.Training.Trainers;

/// <summary>Trains a first stage.</summary>
internal sealed class AutoencoderTrainer : ITrainer
{
    private const int SheetImages = 16;

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
        GradientCheckpointing.Set(_model, experiment.Training.GradientCheckpointing);
        _loss = new AutoencoderLoss(experiment.Loss);
        _optimizer = new AdamW(
            _model.named_parameters().Select(p => (p.name, (Tensor)p.parameter)),
            experiment.Optimizer
        );
    }

    public string Name => "autoencoder";

    public IReadOnlyDictionary<string, double> Step(long step)
    {
        var training = _experiment.Training;
        _loader ??= new BatchLoader(
            _dataset,
            training.BatchSize,
            _experiment.Data.Workers,
            step * training.SamplesPerStep
        );
        using var stream = TrainingStream.ForStep(_experiment.Seed, step);
        var metrics = new MeanMetrics(training.Accumulate);
        _optimizer.ClearGradients();
        for (var i = 0; i < training.Accumulate; i++)
        {
            using var scope = NewDisposeScope();
            var batch = _loader.Next();
            var images = ImageTensors.FromPlanar(batch.Pixels, batch.Count, batch.Size, batch.Size);
            var parts = Loss(images, stream.Generator);
            parts.Total.div(training.Accumulate).backward();
            metrics.Add("loss", parts.Total);
            metrics.Add("reconstruction", parts.Reconstruction);
            metrics.Add(_model is KlAutoencoder ? "kl" : "codebook", parts.Regularisation);
        }

        _optimizer.Step();
        return metrics.Values;
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
            new TrainingState(step, _experiment.Seed, step * _experiment.Training.SamplesPerStep, _optimizer.Steps)
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
            return ReconstructionSheet.Draw(_model, _dataset, SheetImages);
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
