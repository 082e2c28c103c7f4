using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Configuration;
using LatentDiffusion.Data;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Progress;
using LatentDiffusion.Tensors;
using LatentDiffusion.Training.Experiments;
using LatentDiffusion.Training.Optimization;
using LatentDiffusion.Training.Runs;
using static TorchSharp.torch;

namespace LatentDiffusion.Training.Trainers;

/// <summary>Trains the UNet and the conditioner of a latent diffusion model; the first stage stays as it is.</summary>
internal sealed class DiffusionTrainer : ITrainer
{
    private readonly DiffusionExperiment _experiment;
    private readonly LatentDiffusionModel _model;
    private readonly ImageDataset? _validationImages;
    private readonly SheetSubjects _subjects;
    private readonly StepLatents _latents;
    private readonly Action<string> _log;
    private readonly ExponentialMovingAverage _ema;
    private readonly ParameterUpdate _update;
    private readonly DiffusionObjective _objective;
    private ValidationSet? _validation;

    /// <param name="experiment">The configuration.</param>
    /// <param name="model">The model with its trained first stage; owned.</param>
    /// <param name="validationImages">What to validate on, or null.</param>
    /// <param name="subjects">What sheets show.</param>
    /// <param name="openLatents">Opens the latents at a sample number.</param>
    /// <param name="log">Told what does not start from a trained model.</param>
    public DiffusionTrainer(
        DiffusionExperiment experiment,
        LatentDiffusionModel model,
        ImageDataset? validationImages,
        SheetSubjects subjects,
        Func<long, ILatentSource> openLatents,
        Action<string> log
    )
    {
        _experiment = experiment;
        _model = model;
        _validationImages = validationImages;
        _subjects = subjects;
        _latents = new StepLatents(experiment.Training.SamplesPerStep, openLatents);
        _log = log;
        _model.Unet.train();
        GradientCheckpointing.Set(_model.Unet, experiment.Training.GradientCheckpointing);
        _ema = new ExponentialMovingAverage(model.UnetParameters(), experiment.EmaDecay);
        _update = new ParameterUpdate(
            model.TrainableParameters(),
            experiment.Optimizer,
            experiment.Training.SamplesPerStep
        );
        _objective = new DiffusionObjective(experiment.Objective, model.Process, model.LogVariances);
    }

    public string Name => "latent diffusion";

    public void StartFrom(string path)
    {
        if (!ModelFile.LoadDenoiserInto(path, _model) && _model.Conditioner?.Network is not null)
        {
            _log($"{path} has another kind of condition: the UNet starts from it, the conditioner from fresh weights.");
        }

        _ema.Restart();
    }

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
            if (step == 0 && i == 0)
            {
                _model.ScaleFactor = _experiment.ScaleFactor ?? StartingScale(latents);
            }

            var loss = Loss(latents.mul(Scalars.Of(_model.ScaleFactor)), batch.Inputs, stream.Generator);
            loss.Total.div(Scalars.Of(training.Accumulate)).backward();
            metrics.Add("loss", loss.Total);
            metrics.Add("loss_simple", loss.Simple);
            metrics.Add("loss_vlb", loss.Vlb);
        }

        metrics.Add(_update.Step(step));
        if (_model.LogVariances is { } logVariances)
        {
            using var mean = logVariances.mean();
            metrics.Set("logvar", mean.item<float>());
        }

        _ema.Update();
        return metrics.Values;
    }

    public bool EvaluationIsDue(long step, bool sheetIsDue) =>
        _experiment.Validation is { } validation && step % validation.Every == 0;

    public IReadOnlyDictionary<string, double> Evaluate(CancellationToken cancellation)
    {
        if (_experiment.Validation is not { } settings || _validationImages is null)
        {
            return new Dictionary<string, double>();
        }

        var validation = _validation ??= new ValidationSet(
            _model.FirstStage,
            _validationImages,
            settings.Count ?? int.MaxValue,
            _model.Process.Schedule.Timesteps,
            settings.Buckets
        );
        return InInferenceMode(() =>
        {
            var raw = Validate("validation/loss");
            using var averages = _ema.Use();
            return raw.Concat(Validate("validation/loss_ema")).ToDictionary();
        });

        IReadOnlyDictionary<string, double> Validate(string name) =>
            validation.Measure(_model.ScaleFactor, batch => [(name, ValidationLoss(batch))], cancellation);
    }

    public bool WeightsAreFinite() => _update.ParametersAreFinite();

    public void Write(string folder, long step)
    {
        using var scope = NewDisposeScope();
        ModelFile.Write(
            Path.Combine(folder, ModelFile.FileName),
            _model.Config,
            ModelTensors.Of(_model, _ema),
            ConfigWriter.ToYaml(_experiment),
            step,
            _model.Conditioner?.Vocabularies
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
        ModelVocabularies.Check(file, _model);
        ModelTensors.Load(file, _model, _ema);
        return TrainerFiles.Read(folder, _update.Optimizer).Step;
    }

    public RgbImage DrawSheet(IProgress<StepProgress>? progress, CancellationToken cancellation)
    {
        var settings = _experiment.Samples;
        return InInferenceMode(() =>
        {
            List<RgbImage> sheets = [];
            if (settings.Weights != SheetWeights.Raw)
            {
                using var averages = _ema.Use();
                sheets.Add(Draw());
            }

            if (settings.Weights != SheetWeights.Averaged)
            {
                sheets.Add(Draw());
            }

            return sheets is [var only]
                ? only
                : new ContactSheet(Columns: 1) { RowCaptions = ["averaged", "raw"] }.Draw(sheets);
        });

        RgbImage Draw() =>
            SampleSheet.Draw(
                _model,
                new SampleSheetRequest(
                    settings.PerClass,
                    settings.Steps,
                    settings.Guidance,
                    settings.Seed ?? _experiment.Seed
                )
                {
                    Prompts = _subjects.Prompts,
                    Examples = _subjects.Examples,
                },
                progress,
                cancellation
            );
    }

    public void Dispose()
    {
        _latents.Dispose();
        _validation?.Dispose();
        _ema.Dispose();
        _update.Dispose();
        _objective.Dispose();
        _model.Dispose();
    }

    private DiffusionLoss Loss(Tensor start, IReadOnlyList<ConditionInput> inputs, Generator generator)
    {
        var batch = start.shape[0];
        var timesteps = randint(0, _model.Process.Schedule.Timesteps, [batch], dtype: int64, generator: generator);
        var noise = _objective.DrawNoise(start.shape, generator);
        var noisy = _model.Process.AddNoise(start, timesteps, noise);
        var condition = _model.Conditioner is { } conditioner
            ? conditioner.Encode(conditioner.Drop(inputs, generator), LatentSize.Of(start))
            : Condition.None;
        var prediction = condition.Predict(_model.Unet, noisy, timesteps);
        return _objective.Loss(prediction, start, timesteps, noise);
    }

    // Unweighted, and without offset noise: runs with other weights can be compared.
    private Tensor ValidationLoss(ValidationBatch batch)
    {
        var noisy = _model.Process.AddNoise(batch.Latents, batch.Timesteps, batch.Noise);
        var condition = _model.Conditioner?.Encode(batch.Inputs, LatentSize.Of(batch.Latents)) ?? Condition.None;
        var prediction = condition.Predict(_model.Unet, noisy, batch.Timesteps);
        return _objective.LossPerSample(prediction, batch.Latents, batch.Timesteps, batch.Noise);
    }

    private T InInferenceMode<T>(Func<T> measure)
    {
        _model.Unet.eval();
        try
        {
            return measure();
        }
        finally
        {
            _model.Unet.train();
        }
    }

    // Weights that were trained at a scale stay at it, as in the reference.
    private double StartingScale(Tensor latents) =>
        _experiment.InitFrom is null ? MeasureScale(latents) : _model.ScaleFactor;

    // LDM appendix G: latents are brought to unit standard deviation, pooled over all elements of the first batch.
    private static double MeasureScale(Tensor latents) => 1 / latents.std().item<float>();
}
