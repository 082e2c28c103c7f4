using System.Collections;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace LatentDiffusion.Configuration;

/// <summary>
/// Writes configuration records as YAML that <see cref="ConfigDocument"/> binds back to equal records: every value,
/// defaults included, <c>kind</c> first. Paths come out absolute, as the records hold them.
/// </summary>
public sealed class ConfigWriter
{
    private readonly Emitter _emitter;

    private ConfigWriter(TextWriter output)
    {
        var settings = new EmitterSettings(
            bestIndent: 2,
            bestWidth: int.MaxValue,
            isCanonical: false,
            maxSimpleKeyLength: 1024
        );
        _emitter = new Emitter(output, settings.WithNewLine("\n"));
    }

    /// <summary>The record as a YAML document.</summary>
    public static string ToYaml(object config) => Write(config, inline: false);

    /// <summary>Any value of a record in one line, for example <c>[1, 2, 4]</c>.</summary>
    internal static string ToInlineYaml(object? value) => Write(value, inline: true).TrimEnd('\n');

    private static string Write(object? value, bool inline)
    {
        using var output = new StringWriter();
        var writer = new ConfigWriter(output);
        writer._emitter.Emit(new StreamStart());
        writer._emitter.Emit(new DocumentStart(null, null, isImplicit: true));
        writer.WriteValue(value, inline);
        writer._emitter.Emit(new DocumentEnd(isImplicit: true));
        writer._emitter.Emit(new StreamEnd());
        return output.ToString();
    }

    private void WriteValue(object? value, bool inline)
    {
        switch (value)
        {
            case null:
                WriteScalar("null", ScalarStyle.Plain);
                break;
            case string text:
                WriteScalar(text, NeedsQuotes(text) ? ScalarStyle.DoubleQuoted : ScalarStyle.Plain);
                break;
            case IEnumerable list:
                WriteList([.. list.Cast<object?>()], inline);
                break;
            case not null when RecordSchema.IsRecord(value.GetType()):
                WriteRecord(value, inline);
                break;
            default:
                WriteScalar(ScalarFormat.Plain(value), ScalarStyle.Plain);
                break;
        }
    }

    private void WriteRecord(object record, bool inline)
    {
        var style = inline ? MappingStyle.Flow : MappingStyle.Block;
        _emitter.Emit(new MappingStart(AnchorName.Empty, TagName.Empty, isImplicit: true, style));
        if (KindSet.NameOf(record.GetType()) is { } kind)
        {
            WriteScalar(KindSet.Key, ScalarStyle.Plain);
            WriteValue(kind, inline);
        }

        foreach (var property in RecordSchema.Of(record.GetType()).Properties)
        {
            WriteScalar(property.Key, ScalarStyle.Plain);
            WriteValue(property.GetValue(record), inline);
        }

        _emitter.Emit(new MappingEnd());
    }

    private void WriteList(object?[] items, bool inline)
    {
        // Short values of one meaning, like channel multipliers, read best in one line.
        inline |= items.All(item => item is not null && !RecordSchema.IsRecord(item.GetType()));
        var style = inline ? SequenceStyle.Flow : SequenceStyle.Block;
        _emitter.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, isImplicit: true, style));
        foreach (var item in items)
        {
            WriteValue(item, inline);
        }

        _emitter.Emit(new SequenceEnd());
    }

    private void WriteScalar(string text, ScalarStyle style) =>
        _emitter.Emit(new Scalar(AnchorName.Empty, TagName.Empty, text, style, true, true));

    // Plain is for what no reader of YAML can mistake: a word, a path, a sentence without punctuation.
    private static bool NeedsQuotes(string text) =>
        ScalarParser.LooksTyped(text)
        || text.Trim() != text
        || !(char.IsAsciiLetter(text[0]) || text[0] is '/' or '_')
        || !text.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '_' or '-' or '.' or ' ');
}
