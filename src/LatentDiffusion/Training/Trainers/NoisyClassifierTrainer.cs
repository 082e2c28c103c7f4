using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Configuration;
using LatentDiffusion.Data;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Pipelines.Conditions;
using LatentDiffusion.Progress;
using LatentDiffusion.Tensors;
using LatentDiffusion.Training.Experiments;
using LatentDiffusion.Training.Optimization;
using LatentDiffusion.Training.Runs;
using static TorchSharp.torch;

namespace LatentDiffusion.Training.Trainers;

/// <summary>
/// Trains a classifier of noisy latents by cross-entropy; every sample of a batch has a timestep of its own. The first stage
/// stays as it is.
/// </summary>
internal sealed class NoisyClassifierTrainer : ITrainer
{
    private readonly NoisyClassifierExperiment _experiment;
    private readonly NoisyLatentClassifier _model;
    private readonly ImageDataset _measuredImages;
    private readonly ValidationConfig _measuring;
    private readonly bool _scaleIsKnown;
    private readonly StepLatents _latents;
    private readonly ParameterUpdate _update;
    private ValidationSet? _measured;

    /// <param name="experiment">The configuration.</param>
    /// <param name="model">The classifier with its trained first stage; owned.</param>
    /// <param name="scaleIsKnown">Whether the model's scale factor need not be measured.</param>
    /// <param name="measuring">How it is measured.</param>
    /// <param name="measuredImages">What it is measured on.</param>
    /// <param name="openLatents">Opens the latents at a sample number.</param>
    public NoisyClassifierTrainer(
        NoisyClassifierExperiment experiment,
        NoisyLatentClassifier model,
        bool scaleIsKnown,
        ValidationConfig measuring,
        ImageDataset measuredImages,
        Func<long, ILatentSource> openLatents
    )
    {
        (_experiment, _model, _scaleIsKnown) = (experiment, model, scaleIsKnown);
        (_measuring, _measuredImages) = (measuring, measuredImages);
        _latents = new StepLatents(experiment.Training.SamplesPerStep, openLatents);
        _model.Network.train();
        GradientCheckpointing.Set(_model.Network, experiment.Training.GradientCheckpointing);
        _update = new ParameterUpdate(
            _model.Network.named_parameters().Select(p => (p.name, (Tensor)p.parameter)),
            experiment.Optimizer,
            experiment.Training.SamplesPerStep
        );
    }

    public string Name => "noisy classifier";

    public void StartFrom(string path) => ModelFile.LoadNoisyClassifierInto(path, _model);

    public void Prepare(long step) => _latents.From(step);

    public IReadOnlyDictionary<string, double> Step(long step)
    {
        var training = _experiment.Training;
        var source = _latents.From(step);
        using var stream = TrainingStream.ForStep(_experiment.Seed, step);
        var metrics = new MeanMetrics(training.Accumulate);
        _update.ClearGradients();
        for (var i = 0; i < training.Accumulate; i++)
        {
            using var scope = NewDisposeScope();
            var batch = source.Next();
            var latents = _model.FirstStage.SampleLatents(batch.Encoded, stream.Generator);
            if (step == 0 && i == 0 && !_scaleIsKnown && _experiment.InitFrom is null)
            {
                _model.ScaleFactor = 1 / latents.std().item<float>();
            }

            var start = latents.mul(Scalars.Of(_model.ScaleFactor));
            var timesteps = randint(
                0,
                _model.Process.Schedule.Timesteps,
                [start.shape[0]],
                dtype: int64,
                generator: stream.Generator
            );
            var noise = randn(start.shape, generator: stream.Generator);
            var scores = Judge(new ValidationBatch(start, timesteps, noise, batch.Inputs)).ToDictionary();
            var loss = scores["loss"].mean();
            loss.div(Scalars.Of(training.Accumulate)).backward();
            foreach (var (name, values) in scores)
            {
                metrics.Add(name, values.mean());
            }
        }

        metrics.Add(_update.Step(step));
        return metrics.Values;
    }

    public bool EvaluationIsDue(long step, bool sheetIsDue) => step % _measuring.Every == 0;

    public IReadOnlyDictionary<string, double> Evaluate(CancellationToken cancellation)
    {
        var place = _experiment.Validation is null ? "training" : "validation";
        return InInferenceMode(() =>
            Measured.Measure(
                _model.ScaleFactor,
                batch => Judge(batch).Select(score => ($"{place}/{score.Key}", score.Value)),
                cancellation
            )
        );
    }

    public bool WeightsAreFinite() => _update.ParametersAreFinite();

    public void Write(string folder, long step)
    {
        using var scope = NewDisposeScope();
        ModelFile.Write(
            Path.Combine(folder, ModelFile.FileName),
            _model.Config,
            NoisyClassifierTensors.Of(_model),
            ConfigWriter.ToYaml(_experiment),
            step
        );
        TrainerFiles.Write(
            folder,
            _update.Optimizer,
            new TrainingState(step, _experiment.Seed, step * _experiment.Training.SamplesPerStep, _update.Steps)
        );
    }

    public long Read(string folder)
    {
        using var file = SafetensorsFile.Open(Path.Combine(folder, ModelFile.FileName));
        NoisyClassifierTensors.Load(file, _model, withFirstStage: true);
        return TrainerFiles.Read(folder, _update.Optimizer).Step;
    }

    public RgbImage DrawSheet(IProgress<StepProgress>? progress, CancellationToken cancellation) =>
        InInferenceMode(() => NoisyClassifierSheet.Draw(_model, Measured));

    public void Dispose()
    {
        _latents.Dispose();
        _measured?.Dispose();
        _update.Dispose();
        _model.Dispose();
    }

    private ValidationSet Measured =>
        _measured ??= new ValidationSet(
            _model.FirstStage,
            _measuredImages,
            _measuring.Count ?? int.MaxValue,
            _model.Process.Schedule.Timesteps,
            _measuring.Buckets
        );

    // Per sample: cross-entropy, and whether the right class is the first of all, or one of the first five.
    private IEnumerable<KeyValuePair<string, Tensor>> Judge(ValidationBatch batch)
    {
        var noisy = _model.Process.AddNoise(batch.Latents, batch.Timesteps, batch.Noise);
        var logits = _model.Network.Forward(noisy, batch.Timesteps);
        var labels = tensor(batch.Inputs.ClassIds().Select(id => (long)id).ToArray());
        var before = logits.gt(logits.gather(1, labels.unsqueeze(1))).sum(1);
        return
        [
            KeyValuePair.Create("loss", nn.functional.cross_entropy(logits, labels, reduction: nn.Reduction.None)),
            KeyValuePair.Create("top1", before.lt(Scalars.Of(1)).to(float32)),
            KeyValuePair.Create("top5", before.lt(Scalars.Of(5)).to(float32)),
        ];
    }

    private T InInferenceMode<T>(Func<T> measure)
    {
        _model.Network.eval();
        try
        {
            return measure();
        }
        finally
        {
            _model.Network.train();
        }
    }
}
